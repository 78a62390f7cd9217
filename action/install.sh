# Installs srbench from the repository of this action, and what one's own code needs.
set -euo pipefail
python -m pip install --quiet "$ACTION${EXTRAS:+[$EXTRAS]}"
if [ -n "$INSTALL" ]; then
    # Several arguments of pip, divided at spaces.
    # shellcheck disable=SC2086
    python -m pip install --quiet $INSTALL
fi
