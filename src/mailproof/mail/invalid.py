"""What a caller handed in and we refuse."""


class InvalidInput(ValueError):
    """Bad input, refused at the border: where it is, what is wrong, what to do.

    `where` is the path of the value in the input (`to[1]`, `providers[0].rate`), `problem` and
    `fix` are sentences without and with their full stop. The text of the exception is all three.
    `name` is the error name that Resend uses for this kind of mistake
    (resend.com/docs/api-reference/errors); every SDK of theirs knows it.
    """

    def __init__(
        self, where: str, problem: str, fix: str, *, name: str = "validation_error"
    ) -> None:
        super().__init__(f"{where}: {problem}. {fix}")
        self.where = where
        self.problem = problem
        self.fix = fix
        self.name = name
