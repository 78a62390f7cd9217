"""What LaTeX's commands print, as far as tables use them."""

# The text that a command without arguments prints.
SYMBOLS = {
    **dict.fromkeys("%&#_${}", None),  # each prints itself
    **dict.fromkeys((",", ";", ":", ">", "thinspace", "enspace"), "\u2009"),
    **dict.fromkeys((" ", "quad", "qquad", "newline", "linebreak", "\\", "tabularnewline"), " "),
    **dict.fromkeys(("times", "texttimes"), "×"),
    **dict.fromkeys(("approx", "thickapprox", "sim", "simeq", "cong", "textapprox"), "≈"),
    **dict.fromkeys(("textasciitilde", "texttildelow"), "~"),
    **dict.fromkeys(("cdot", "textperiodcentered"), "·"),
    **dict.fromkeys(("pm", "textpm"), "±"),
    **dict.fromkeys(("downarrow", "textdownarrow", "Downarrow", "searrow"), "↓"),
    **dict.fromkeys(("uparrow", "textuparrow", "Uparrow", "nearrow"), "↑"),
    **dict.fromkeys(("dagger", "dag", "textdagger"), "†"),
    **dict.fromkeys(("ddagger", "ddag", "textdaggerdbl"), "‡"),
    **dict.fromkeys(("S", "textsection"), "§"),
    **dict.fromkeys(("P", "textparagraph"), "¶"),
    **dict.fromkeys(("ast", "star", "textasteriskcentered", "bigstar"), "*"),
    **dict.fromkeys(("Delta", "textDelta", "triangle", "bigtriangleup"), "Δ"),
    **dict.fromkeys(("leq", "le", "leqslant"), "≤"),
    **dict.fromkeys(("geq", "ge", "geqslant"), "≥"),
    **dict.fromkeys(("lt", "textless", "ll"), "<"),
    **dict.fromkeys(("gt", "textgreater", "gg"), ">"),
    **dict.fromkeys(("rightarrow", "to", "textrightarrow"), "→"),
    **dict.fromkeys(("ldots", "dots", "cdots", "textellipsis"), "…"),
    **dict.fromkeys(("checkmark", "cmark", "ding"), "✓"),
    **dict.fromkeys(("xmark",), "✗"),
    **dict.fromkeys(("textendash",), "–"),
    **dict.fromkeys(("textemdash",), "—"),
    "mp": "∓",
    "textmu": "µ",
    "mu": "µ",
    "alpha": "\u03b1",
    "beta": "β",
    "gamma": "\u03b3",
    "delta": "δ",
    "rho": "\u03c1",
    "textdegree": "°",
    "textbar": "|",
    "textbackslash": "\\",
    "textunderscore": "_",
    # units of siunitx
    "kilo": "k",
    "mega": "M",
    "giga": "G",
    "tera": "T",
    "mebi": "Mi",
    "gibi": "Gi",
    "percent": "%",
    "flop": "FLOPs",
    "flops": "FLOPs",
}

_FONTS_AND_LINES = """
    bf it rm tt sc em sl sf bfseries itshape mdseries upshape rmfamily sffamily ttfamily
    scshape normalfont tiny scriptsize footnotesize small normalsize large Large LARGE huge
    centering raggedright raggedleft arraybackslash noindent par hline toprule midrule
    bottomrule hfill protect relax displaystyle textstyle scriptstyle strut left right big Big
    limits nolimits endhead endfirsthead endfoot endlastfoot ! / - @ unskip ignorespaces xspace
    allowbreak nobreak boldmath addlinespace morecmidrules footnotemark
"""
_NOT_PRINTED = """
    cite citep citet citealp citealt citeauthor citeyear parencite autocite footcite textcite
    footnote footnotetext tnote tablefootnote thanks ref cref Cref autoref eqref label
    cellcolor rowcolor columncolor arrayrulecolor color vspace hspace vskip phantom hphantom
    vphantom includegraphics cmidrule cline caption captionof index todo input noalign hskip
    Xhline setlength rowfont SetRow SetCell
"""
_PRINTS_ITS_ARGUMENT = """
    textbf textit textrm textsf texttt textsc textsl emph underline uline uuline text mbox hbox
    textnormal textmd textup mathbf mathrm mathit mathsf mathtt mathcal mathbb boldsymbol bm
    operatorname ensuremath fbox framebox makebox thead makecell shortstack specialcell num si
    unit hl dashuline uwave enquote url nolinkurl boxed centerline pmb mathnormal smash
"""
_PRINTS_ITS_SECOND = """
    textcolor rotatebox scalebox parbox colorbox raisebox adjustbox href turnbox hyperref
"""

# Commands that print nothing, with how many arguments go with them.
SILENT = {
    **dict.fromkeys(
        _FONTS_AND_LINES.split(),
        0,
    ),
    **dict.fromkeys(
        _NOT_PRINTED.split(),
        1,
    ),
    **dict.fromkeys(("fontsize", "rule", "gdef", "renewcommand", "addtolength", "hhline"), 2),
    "specialrule": 3,
}

# Commands that print one of their arguments: how many they have, and which is printed, from 0.
WRAPPERS = {
    **dict.fromkeys(
        _PRINTS_ITS_ARGUMENT.split(),
        (1, 0),
    ),
    **dict.fromkeys(
        _PRINTS_ITS_SECOND.split(),
        (2, 1),
    ),
    **dict.fromkeys(("resizebox", "fcolorbox"), (3, 2)),
}
