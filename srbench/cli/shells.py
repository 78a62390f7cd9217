"""What a shell has to know to complete `srbench`: one script for each.

Every script hands over the command line up to the cursor, and gets a candidate a line, followed by
a tab and its help (`srbench.cli.completing`). Where there is none, the shell offers files.
"""

from importlib import import_module

COMPLETION = "_SRBENCH_COMPLETE"  # the variable by which a shell asks

# typer fills in the names, so that a percent sign is written twice. A candidate that ends in "=" is
# gone on with: no space follows it.
BASH = r"""
# $2 is what bash replaces: of resnet50+sr:mem only what follows the colon.
%(complete_func)s() {
    local IFS=$'\n'
    COMPREPLY=($(%(autocomplete_var)s=line "${1/#\~/$HOME}" \
        "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null | cut -f 1))
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -o default -F %(complete_func)s %(prog_name)s
"""

ZSH = r"""
#compdef %(prog_name)s

%(complete_func)s() {
    local line value help
    local -a finished open
    for line in "${(@f)$(%(autocomplete_var)s=line ${~words[1]} \
            "${words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}"; do
        value=${${line%%%%$'\t'*}//:/\\:}
        help=${line#*$'\t'}
        value+=${help:+:$help}
        case $line in
            "") ;;
            *=$'\t'*) open+=($value) ;;
            *) finished+=($value) ;;
        esac
    done
    if (($#finished + $#open)); then
        _describe -V %(prog_name)s finished -- open -S ''
    else
        _files
    fi
}

# The first Tab loads this file, and is to be answered too.
if [[ $funcstack[1] == _%(prog_name)s ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

FISH = r"""
function %(complete_func)s
    set --local program (string replace --regex '^~' $HOME (commandline -opc)[1])
    set --local found (env %(autocomplete_var)s=line $program (commandline -cp) 2>/dev/null)
    if test -n "$found"
        printf '%%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --command %(prog_name)s --no-files --keep-order --arguments '(%(complete_func)s)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def give_scripts() -> None:
    """Have `--install-completion` and `--show-completion` give these scripts.

    typer has no public place for them. Where a release has moved its own, they are what it
    installs, and bash completes no options of specs.
    """
    try:
        found = import_module("typer._completion_shared")
    except ModuleNotFoundError:
        return
    getattr(found, "_completion_scripts", {}).update(SCRIPTS)
