"""``statusgraph judge``: files of manifests or of ``kubectl get -o json`` → verdicts, as a page or as lines of JSON.

``reading`` makes objects of files, ``graph.judging.files`` judges them, ``page`` and ``lines`` tell the result.
"""
