# Checks counts and, with TIME_AGAINST, times; comments on the pull request; fails if a check does.
set -uo pipefail

counts=0
srbench check "$TABLES" ${ONLY:+--only "$ONLY"} --format github \
    ${BADGE:+--write "badge=$BADGE"} || counts=$?

times=
if [ -n "$TIME_AGAINST" ]; then
    times=0
    srbench check "$TABLES" ${ONLY:+--only "$ONLY"} --time --against "$TIME_AGAINST" \
        --format github || times=$?
fi

{
    echo "counts=$counts"
    echo "times=$times"
} >>"$GITHUB_OUTPUT"

if [ "$COMMENT" = true ] && [ -s "$GITHUB_STEP_SUMMARY" ]; then
    srbench comment "$GITHUB_STEP_SUMMARY"
fi

# 3 is inconclusive, and shown as a warning: a noisy machine must not block a change.
if [ "${times:-0}" = 3 ]; then
    times=0
fi
[ "$counts" = 0 ] || exit "$counts"
exit "${times:-0}"
