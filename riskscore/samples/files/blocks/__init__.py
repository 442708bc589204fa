"""The quick way to a few records of a large BGZF file: only their blocks are read and inflated.

Everything here either answers exactly as the complete path would, or raises
:class:`~riskscore.samples.files.blocks.bgzf.Fallback` and leaves the answer to it.
"""
