# The numbers of r_numbers.json, made once: Rscript make_numbers.R, in this folder.
# The tests read the JSON and need no R. Packages: pROC, sandwich, epiR, MASS, jsonlite.
suppressMessages({library(pROC); library(sandwich); library(epiR); library(jsonlite)})
options(digits = 17)
out <- list()

packages <- c("pROC", "sandwich", "epiR", "MASS")
out$versions <- c(list(R = R.version.string),
                  sapply(packages, function(p) as.character(packageVersion(p)), simplify = FALSE))

# 1. Logistic regression and robust errors: MASS::birthwt.
bw <- MASS::birthwt
write.csv(bw[, c("low", "age", "lwt", "race", "smoke", "ptl", "ht", "ui")], "birthwt.csv",
          row.names = FALSE)
tight <- glm.control(epsilon = 1e-14, maxit = 100)
m <- glm(low ~ age + lwt + smoke + ht + ui, binomial, bw, control = tight)
s <- summary(m)$coefficients
out$glm <- list(beta = unname(coef(m)), se = unname(s[, 2]), p = unname(s[, 4]),
                loglik = as.numeric(logLik(m)), null = -m$null.deviance / 2,
                hc0 = unname(sqrt(diag(vcovHC(m, type = "HC0")))))
# Omnibus likelihood-ratio test of race (2 df), adjusted.
m1 <- glm(low ~ age + smoke + factor(race), binomial, bw, control = tight)
m0 <- glm(low ~ age + smoke, binomial, bw, control = tight)
a <- anova(m0, m1, test = "LRT")
out$omnibus <- list(chi2 = a$Deviance[2], df = a$Df[2], p = a[2, 5])

# 2. Calibration of a linear predictor: the offset model and the slope model, and Hosmer-Lemeshow.
lp <- -1 + 1.3 * bw$smoke - 0.02 * (bw$lwt - 130)
o <- glm(low ~ 1, binomial, bw, offset = lp, control = tight)
k <- glm(low ~ lp, binomial, bw, control = tight)
out$calibration <- list(intercept = unname(coef(o)), intercept_se = unname(sqrt(vcov(o)[1])),
                        slope = unname(coef(k)[2]), slope_se = unname(sqrt(vcov(k)[2, 2])),
                        nagelkerke = (1 - exp(2 / nrow(bw) * (as.numeric(logLik(update(k, . ~ 1))) -
                                      as.numeric(logLik(k))))) /
                          (1 - exp(2 / nrow(bw) * as.numeric(logLik(update(k, . ~ 1))))))
fit <- fitted(m)
g <- cut(fit, quantile(fit, 0:10 / 10), include.lowest = TRUE)
obs <- tapply(bw$low, g, sum); ex <- tapply(fit, g, sum); n <- tapply(fit, g, length)
h <- sum((obs - ex)^2 / (ex * (1 - ex / n)))
out$hosmer_lemeshow <- list(chi2 = h, p = pchisq(h, 8, lower.tail = FALSE))

# 3. DeLong: pROC's own example, data(aSAH).
data(aSAH)
write.csv(data.frame(outcome = as.integer(aSAH$outcome == "Poor"), s100b = aSAH$s100b,
                     ndka = aSAH$ndka, wfns = as.integer(aSAH$wfns)), "aSAH.csv", row.names = FALSE)
for (v in c("s100b", "ndka", "wfns")) {
  r <- roc(aSAH$outcome, as.numeric(aSAH[[v]]), quiet = TRUE, direction = "<")
  ci <- as.numeric(ci.auc(r))
  out$proc[[v]] <- list(auc = ci[2], low = ci[1], high = ci[3], variance = var(r))
}
pair <- function(a, b) {
  t <- roc.test(roc(aSAH$outcome, as.numeric(aSAH[[a]]), quiet = TRUE, direction = "<"),
                roc(aSAH$outcome, as.numeric(aSAH[[b]]), quiet = TRUE, direction = "<"))
  list(z = unname(t$statistic), p = t$p.value, low = t$conf.int[1], high = t$conf.int[2])
}
out$proc$s100b_wfns <- pair("s100b", "wfns")
out$proc$s100b_ndka <- pair("s100b", "ndka")

# 4. Interaction: the oral-cancer table of Hosmer and Lemeshow 1992, as in ?epi.interaction.
can <- c(rep(1, 231), rep(0, 178), rep(1, 11), rep(0, 38))
smk <- c(rep(1, 225), rep(0, 6), rep(1, 166), rep(0, 12), rep(1, 8), rep(0, 3), rep(1, 18), rep(0, 20))
alc <- c(rep(1, 409), rep(0, 49))
d <- data.frame(alc, smk, can)
i <- glm(can ~ alc + smk + alc:smk, binomial, d, control = tight)
e <- epi.interaction(i, coef = c(2, 3, 4), param = "product", conf.level = 0.95)
row <- function(r) list(estimate = r$est, low = r$lower, high = r$upper)
out$oral_cancer <- list(RERI = row(e$reri), AP = row(e$apab), S = row(e$s))
out$oral_cancer$product <- list(beta = unname(coef(i)[4]), se = unname(sqrt(vcov(i)[4, 4])))

# 5. Additive measures of a three-level exposure, adjusted, by the delta method with numeric
#    derivatives: smoking x ethnic group in birthwt, adjusted for age.
f <- glm(low ~ smoke * factor(race) + age, binomial, bw, control = tight)
b <- coef(f); V <- vcov(f)
measures <- function(b, lv) {
  or10 <- exp(b[["smoke"]]); or01 <- exp(b[[paste0("factor(race)", lv)]])
  or11 <- or10 * or01 * exp(b[[paste0("smoke:factor(race)", lv)]])
  c(RERI = or11 - or10 - or01 + 1, AP = (or11 - or10 - or01 + 1) / or11,
    logS = suppressWarnings(log((or11 - 1) / (or10 + or01 - 2))))
}
for (lv in c("2", "3")) {
  est <- measures(b, lv)
  J <- sapply(seq_along(b), function(j) { h <- 1e-5; u <- b; l <- b; u[j] <- u[j] + h; l[j] <- l[j] - h
    (measures(u, lv) - measures(l, lv)) / (2 * h) })
  out$three_levels[[lv]] <- list(estimate = unname(est), se = unname(sqrt(diag(J %*% V %*% t(J)))))
}
out$three_levels$omnibus_p <- anova(glm(low ~ smoke + factor(race) + age, binomial, bw, control = tight),
                                    f, test = "LRT")[2, 5]

# 6. R2 on the liability scale, Lee 2012 equation 15, for an ascertained sample.
K <- 0.01; P <- 0.5; R2O <- 0.12
t <- -qnorm(K); z <- dnorm(t); mm <- z / K
theta <- mm * (P - K) / (1 - K) * (mm * (P - K) / (1 - K) - t)
C <- K * (1 - K) / z^2 * K * (1 - K) / (P * (1 - P))
out$liability <- list(K = K, P = P, R2O = R2O, R2L = R2O * C / (1 + R2O * theta * C))

write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "r_numbers.json")
