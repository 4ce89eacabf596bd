"""The command line: one thin file per verb, each a frozen dataclass of options and a function that runs them.

``main`` finds the verb and turns errors into exit codes; ``options`` turns a dataclass into flags, help and
YAML. Nothing here loads torch before a command needs it.
"""
