"""Characters that look like those of ASCII: full-width digits, dashes, tildes and apostrophes."""

_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD])
_DASHES = dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63], "-")
_TILDES = dict.fromkeys([0x223C, 0x2243, 0x2245, 0x223D, 0x301C], "~")
_STARS = dict.fromkeys([0x2217, 0x2731], "*")
_APOSTROPHES = dict.fromkeys([0x2019, 0x02BC, 0x2018], "'")
_TABLE = {**_FULL_WIDTH, **_INVISIBLE, **_DASHES, **_TILDES, **_STARS, **_APOSTROPHES}


def plain_signs(text: str) -> str:
    """The text with ASCII's digits, dashes, tildes, stars and apostrophes for all similar ones.

    >>> plain_signs("\\uff12\\uff15\\uff0e\\uff16"), plain_signs("4\\u20135")
    ('25.6', '4-5')
    """
    return text.translate(_TABLE)
