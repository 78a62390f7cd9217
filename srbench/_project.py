"""What this project is called outside Python, each name in one place."""

DISTRIBUTION = "srbench-cnn"  # as in pyproject.toml: srbench on PyPI is another project
REPOSITORY = "srbench"  # the repository that holds the action for GitHub
BRANCH = "main"  # the version of the action if its commit is not known
UNKNOWN = "OWNER"  # stands for the owner of that repository until somebody fills it in
OWNER = UNKNOWN
