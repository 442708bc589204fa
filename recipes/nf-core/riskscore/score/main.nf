process RISKSCORE_SCORE {
    tag "$meta.id"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "riskscore:0.1.0"

    input:
    tuple val(meta), path(vcf), path(index)
    val models

    output:
    tuple val(meta), path("${prefix}/scores.tsv"),      emit: scores
    tuple val(meta), path("${prefix}/coverage.tsv"),    emit: coverage
    tuple val(meta), path("${prefix}/provenance.json"), emit: provenance
    tuple val(meta), path("${prefix}/aggregated_scores.txt.gz"), emit: aggregated
    tuple val(meta), path("${prefix}/riskscore_mqc.json"), emit: multiqc
    path "versions.yml",                                emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    def chosen = models.collect { "--model ${it}" }.join(' ')
    """
    riskscore score $vcf $chosen $args --quiet --out $prefix

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        riskscore: \$(riskscore --version | sed 's/riskscore //')
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir $prefix
    touch $prefix/scores.tsv $prefix/coverage.tsv $prefix/provenance.json $prefix/riskscore_mqc.json
    echo | gzip > $prefix/aggregated_scores.txt.gz

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        riskscore: \$(riskscore --version | sed 's/riskscore //')
    END_VERSIONS
    """
}
