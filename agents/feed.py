"""How do categories reach the search tasks while a model still writes? A feed that deals each one as it closes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from domain.errors import AisleError
from domain.plan import Task
from domain.proposal import ProposedCategory
from domain.terms import fold
from domain.turn import ModelReport


@dataclass(frozen=True)
class Dealt:
    """A category and its place in the reply."""

    index: int
    category: ProposedCategory


@dataclass
class CategoryFeed:
    """One turn's feed: the formulating side deals, each search branch takes its own until the end."""

    tasks: tuple[Task, ...] = ()
    categories: list[ProposedCategory] = field(default_factory=list)
    report: ModelReport = field(default_factory=ModelReport)
    error: AisleError | None = None
    _queues: list["asyncio.Queue[Dealt | None]"] = field(default_factory=list)

    def open(self, tasks: tuple[Task, ...]) -> None:
        """Called once, when the plan stands."""
        self.tasks = tasks
        self._queues = [asyncio.Queue() for _ in tasks]

    def deal(self, index: int, category: ProposedCategory) -> None:
        """Hands a closed category to the task that it fits best."""
        self.categories.append(category)
        self._queues[self._owner(index, category)].put_nowait(Dealt(index, category))

    def explain(self, index: int, explanation: str) -> None:
        """An explanation that came after its category closed."""
        if index < len(self.categories):
            self.categories[index] = self.categories[index].model_copy(update={"explanation": explanation})

    def end(self) -> None:
        """No more categories will come; branches end."""
        for queue in self._queues:
            queue.put_nowait(None)

    async def categories_of(self, task_index: int) -> AsyncIterator[Dealt]:
        """The task's categories as they come."""
        while (dealt := await self._queues[task_index].get()) is not None:
            yield dealt

    def _owner(self, index: int, category: ProposedCategory) -> int:
        """By shared words with the task's request; by order where none shares any."""
        words = set(fold(category.category).replace("'s", "").split())
        shares = [len(words & _words(task)) for task in self.tasks]
        best = max(range(len(shares)), key=lambda i: shares[i])
        return best if shares[best] else min(index, len(self.tasks) - 1)


def _words(task: Task) -> set[str]:
    text = f"{task.request} {task.subject or ''}"
    return {form for word in fold(text).replace("'s", "").split() for form in (word, f"{word}s", word.removesuffix("s"))}
