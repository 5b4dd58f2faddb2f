"""Providers that are configured and cannot be asked: what is wrong is said when somebody asks, and stops no other."""

from collections.abc import Sequence

from server.providers.errors import ProviderError
from server.providers.ports import Completion, Embedded, Item, Question


class UnusableModel:
    """Fails with the same error whenever it is asked."""

    def __init__(self, name: str, error: ProviderError) -> None:
        self._name = name
        self._error = error

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    async def complete_json(self, question: Question[Item]) -> Completion[Item]:  # noqa: ARG002
        """Raises the error."""
        raise self._error


class UnusableEmbedder:
    """Fails with the same error whenever it is asked."""

    def __init__(self, model: str, version: int, error: ProviderError) -> None:
        self._model = model
        self._version = version
        self._error = error

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model

    @property
    def version(self) -> int:
        """As it was configured."""
        return self._version

    async def embed(self, texts: Sequence[str]) -> Embedded:  # noqa: ARG002
        """Raises the error."""
        raise self._error
