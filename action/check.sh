# Checks counts and, with TIME_AGAINST, times; comments on the pull request; fails if a check does.
set -uo pipefail

errors=$(mktemp)

# The exit code of a check, whose title is the first argument. A check that ends without a result
# says why in the job summary, so that the comment does too.
check() {
    local title=$1 code=0 before
    shift
    before=$(size)
    srbench check "$TABLES" ${ONLY:+--only "$ONLY"} --format github "$@" 2>"$errors" || code=$?
    cat "$errors" >&2
    if [ "$code" != 0 ] && [ "$(size)" = "$before" ]; then
        printf '### %s: not checked\n\n````\n%s\n````\n\n' "$title" "$(cat "$errors")" \
            >>"$GITHUB_STEP_SUMMARY"
    fi
    return "$code"
}

size() {
    wc -c <"$GITHUB_STEP_SUMMARY"
}

touch "$GITHUB_STEP_SUMMARY"
counts=0
check Counts ${BADGE:+--write "badge=$BADGE"} || counts=$?
times=
if [ -n "$TIME_AGAINST" ]; then
    times=0
    check Times --time --against "$TIME_AGAINST" || times=$?
fi
printf 'counts=%s\ntimes=%s\n' "$counts" "$times" >>"$GITHUB_OUTPUT"

if [ "$COMMENT" = true ]; then
    srbench comment "$GITHUB_STEP_SUMMARY"
fi

# 3 is inconclusive, and shown as a warning: a noisy machine must not block a change.
if [ "${times:-0}" = 3 ]; then
    times=0
fi
[ "$counts" = 0 ] || exit "$counts"
exit "${times:-0}"
