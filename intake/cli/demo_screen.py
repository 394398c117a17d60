"""What the demo shows in the terminal: a live table, or plain lines where there is no terminal."""

import io
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

import click
import qrcode
from qrcode.constants import ERROR_CORRECT_M
from rich.console import Console
from rich.live import Live
from rich.table import Table

from intake.cli.demo_progress import Progress

PLAIN_EVERY = 5.0
"""Seconds between plain lines."""


class Screen(Protocol):
    """A context manager; lines may be said inside and outside of it."""

    def say(self, line: str) -> None:
        """Print a line; any thread may."""
        ...

    def show(self, progress: Progress) -> None:
        """Show where things stand."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


def make_screen(*, terminal: bool) -> Screen:
    """The live table for a terminal, plain lines for a file or a pipe."""
    return LiveScreen() if terminal else PlainScreen()


class PlainScreen:
    """A line every few seconds."""

    def __init__(self) -> None:
        self._shown_at = 0.0
        self._line = ""

    def say(self, line: str) -> None:
        """Print it."""
        click.echo(line)

    def show(self, progress: Progress) -> None:
        """Print where things stand, unless that was just done or is unchanged."""
        line = _line(progress)
        if line != self._line and (time.monotonic() - self._shown_at >= PLAIN_EVERY or _is_last(progress)):
            self._line, self._shown_at = line, time.monotonic()
            click.echo(line)

    def __enter__(self) -> Self:
        self._shown_at = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing was taken."""


class LiveScreen:
    """A table that is drawn over itself; the supervisor's lines appear above it."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, markup=False)
        self._live = Live(console=self._console, refresh_per_second=8, redirect_stdout=False, redirect_stderr=False)

    def say(self, line: str) -> None:
        """Print it above the table."""
        self._console.print(line, soft_wrap=True)

    def show(self, progress: Progress) -> None:
        """Draw the table anew."""
        self._live.update(table_of(progress))

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave the last table standing."""
        self._live.stop()


def table_of(progress: Progress) -> Table:
    """Counts on top, the hottest topics below."""
    table = Table(show_header=False, title="居民正在扫码说话 / residents are writing", title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row("有回执 / receipts", f"{progress.receipts} / {progress.total}")
    if progress.failed:
        table.add_row("没送到 / failed", str(progress.failed))
    table.add_row("已整理 / triaged", f"{progress.triaged} / {progress.total}")
    table.add_row("从按下提交到有建议 / send to suggestion", f"p50 {_seconds(progress.p50_s)} · p95 {_seconds(progress.p95_s)}")
    table.add_row("提交速度 / rate", f"{progress.messages_per_s:.0f}/s")
    table.add_row("议题 / topics", str(progress.topics), end_section=True)
    for title, count in progress.hottest:
        table.add_row(title, f"{count} 件")
    return table


def qr_lines(url: str) -> Sequence[str]:
    """The code of `url` drawn with half blocks, light on dark terminals and with its quiet zone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=2)
    code.add_data(url)
    out = io.StringIO()
    code.print_ascii(out=out, invert=True)
    return out.getvalue().rstrip("\n").splitlines()


def _is_last(progress: Progress) -> bool:
    return progress.receipts + progress.failed == progress.total and not progress.waiting


def _line(progress: Progress) -> str:
    parts = [f"回执 {progress.receipts}/{progress.total}", f"已整理 {progress.triaged}", f"议题 {progress.topics}"]
    if progress.failed:
        parts.append(f"没送到 {progress.failed}")
    parts += [f"p50 {_seconds(progress.p50_s)}", f"p95 {_seconds(progress.p95_s)}", f"{progress.messages_per_s:.0f} 件/秒"]
    hottest = f"；最热 {progress.hottest[0][0]}（{progress.hottest[0][1]} 件）" if progress.hottest else ""
    return "，".join(parts) + hottest


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
