"""Scripts by which shells complete `srbench`, one for each.

A script sends the command line up to the cursor, and gets one candidate per line, followed by a tab
and its help (`srbench.cli.completion_protocol`). If there are none, the shell offers files.
"""

from importlib import import_module

COMPLETION = "_SRBENCH_COMPLETE"  # the variable by which a shell asks

# typer fills in the names, so a percent sign is written twice. No space follows a candidate that
# ends in "=", since its value comes next.
BASH = r"""
# bash replaces only $2: in resnet50+sr:mem, what follows the colon.
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

# The first Tab loads this file, and needs an answer too.
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
    """Make `--install-completion` and `--show-completion` use these scripts.

    typer has no public place for them. A release that keeps its own scripts elsewhere installs
    those, and bash then completes no options of specs.
    """
    try:
        found = import_module("typer._completion_shared")
    except ModuleNotFoundError:
        return
    getattr(found, "_completion_scripts", {}).update(SCRIPTS)
