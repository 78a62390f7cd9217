"""What papers write behind a name that is no part of the model: who measured it, and where it is
from."""

import re

_AGAIN = r"(?:re-?)?(?:impl(?:\.|ementation|emented)?|produced|production|trained|run)"
_OURS = r"ours?"
_AUTHORS = r"[A-Z][\w'\u2019-]+\s+(?:et\s+al\.?|(?:and|\+)\s+[A-Z][\w'\u2019-]+)"
_YEAR = r"(?:,?\s+(?:[A-Z][A-Za-z]*\s+)?\d{4}[a-z]?)?"
_VENUES = "CVPR|ICCV|ECCV|NeurIPS|NIPS|ICLR|ICML|ICMLA|AAAI|BMVC|WACV|T?PAMI|arXiv"
_REMARK = re.compile(
    rf"""
    \[\s*\d+(?:\s*[,-]\s*\d+)*\s*\]                                       # [12, 13]
    | [(\[]\s*{_AUTHORS}{_YEAR}\s*[)\]]                                   # (He et al., 2016)
    | [(\[]\s*(?:{_VENUES})\s*['\u2019]?\s*(?:20)?\d\d\s*[)\]]            # (CVPR 2018)
    | [(\[]\s*(?i:{_OURS}(?:\s+{_AGAIN})?|{_AGAIN}(?:\s+by\s+us)?)\s*[)\]]  # (our impl.)
    """,
    re.VERBOSE,
)
_BARELY_OURS = re.compile(rf"(?i)[(\[]\s*{_OURS}\s*[)\]]")


def without_remarks(text: str) -> tuple[str, bool]:
    """The text without remarks, and whether one was (ours), which may mean more."""
    return _REMARK.sub(" ", text), bool(_BARELY_OURS.search(text))
