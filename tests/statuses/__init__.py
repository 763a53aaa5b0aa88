"""The statuses as a whole: each row of the rules has its case, each verdict cites something; and the reference.

``docs/statuses.md`` is made here: what a reason means stands at the rule that gives it (``meanings``), its states, its
evidence and its hints are those of the verdicts on all cases of the corpus and all examples (``seen``).
"""
