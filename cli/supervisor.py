"""The watch over all processes: what dies is launched again, ever more patiently; what should end, ends."""

import signal
import time
from collections.abc import Callable, Sequence
from typing import Protocol, Self

from cli.roles import Role, Rolling
from providers.embedded import ServerFault

ENDINGS = {signal.SIGTERM, signal.SIGINT}
NOTICED = ENDINGS | {signal.SIGCHLD, signal.SIGHUP}
SI_KERNEL = 0x80  # linux/siginfo.h: sent by no process

GRACE_SECONDS = 2.0  # then SIGKILL; the servers take the rest of the five seconds in which all must be gone
LONGEST_PAUSE = 30.0
ROLL_SECONDS = 60.0  # a rolling restart goes no further than a process that is not ready by then
STEADY_SECONDS = 30.0  # who ran so long may fail anew without a pause


class Server(Protocol):
    """What an embedded server offers to the watch."""

    name: str

    @property
    def fate(self) -> str:
        """How the last process ended."""

    def launch(self) -> None:
        """Start it without waiting."""

    def alive(self) -> bool:
        """Whether it runs."""

    def stop(self) -> None:
        """End it within about 1.5 s."""


class Post:
    """One watched process: how often it failed of late, and when it may be launched again."""

    def __init__(self, charge: Server) -> None:
        self.charge = charge
        self.failures = 0
        self.launched_at = time.monotonic()
        self.due_at: float | None = None

    def pause(self) -> float:
        """Seconds until the next launch: 0.1, 1, 2, 4 … 30."""
        return 0.1 if self.failures == 1 else min(2.0 ** (self.failures - 2), LONGEST_PAUSE)

    def note_end(self) -> float:
        """Count a failure; the pause that follows from it."""
        steady = time.monotonic() - self.launched_at > STEADY_SECONDS
        self.failures = 1 if steady else self.failures + 1
        self.due_at = time.monotonic() + self.pause()
        return self.pause()

    def launch(self) -> None:
        """Launch it now."""
        self.due_at = None
        self.launched_at = time.monotonic()
        self.charge.launch()


class Supervisor:
    """Runs servers and roles until a signal says to end. Use as a context: leaving it ends all, roles first.

    Inside the context signals are taken only by `step`. Servers may have been started before; roles are forked here.
    """

    def __init__(self, servers: Sequence[Server], roles: Sequence[Role], say: Callable[[str], None]) -> None:
        self.servers = servers
        self.roles = roles
        self.say = say
        self.posts = [Post(charge) for charge in (*servers, *roles)]
        self.round: list[Post] = []  # of a rolling restart: the first is being replaced, the others wait
        self.round_due_at = 0.0

    def __enter__(self) -> Self:
        """Take over the signals and launch all that does not run."""
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, NOTICED)
        for post in self.posts:
            if not post.charge.alive():
                post.launch()
        return self

    def __exit__(self, *_: object) -> None:
        """End all, give the signals back."""
        self.end()
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)

    def run(self) -> None:
        """Watch until a signal says to end."""
        while self.step(self.until_due()):
            pass

    def step(self, seconds: float) -> bool:
        """Wait for news at most so long, then launch what is due; False once a signal says to end."""
        news = signal.sigtimedwait(NOTICED, max(seconds, 0))
        if news and (news.si_signo in ENDINGS or (news.si_signo == signal.SIGHUP and news.si_code == SI_KERNEL)):
            return False  # the kernel's own hangup means that the terminal is gone
        if news and news.si_signo == signal.SIGHUP and not self.round:
            self.begin_round()
        for post in self.posts:
            self.look_after(post)
        self.go_round()
        return True

    def until_due(self) -> float:
        """Seconds until the next launch is due; at most one second."""
        now = time.monotonic()
        return min(
            [0.05 if self.round else 1.0, *(post.due_at - now for post in self.posts if post.due_at is not None)]
        )

    def look_after(self, post: Post) -> None:
        """Note that it died, or launch it when its pause is over."""
        if post.due_at is None and not post.charge.alive():
            if isinstance(post.charge, Rolling) and post.charge.asked:
                post.due_at = time.monotonic()
            else:
                self.mourn(post, post.charge.fate)
        if post.due_at is not None and time.monotonic() >= post.due_at:
            try:
                post.launch()
            except (ServerFault, OSError) as fault:
                self.mourn(post, str(fault))

    def begin_round(self) -> None:
        """Replace all rolling roles, one after the other."""
        self.round = [post for post in self.posts if isinstance(post.charge, Rolling)]
        if self.round:
            self.say("Rolling restart: " + ", ".join(post.charge.name for post in self.round))
            self.send_off(self.round[0].charge)

    def send_off(self, charge: Server) -> None:
        """Ask the next process to end; it is given the time of one start to be replaced."""
        self.round_due_at = time.monotonic() + ROLL_SECONDS
        if isinstance(charge, Rolling):
            charge.replace()

    def go_round(self) -> None:
        """Turn to the next process once the one before is ready; leave the rest alone when it does not become so."""
        if not self.round or not isinstance(charge := self.round[0].charge, Rolling):
            return
        if charge.ready():
            self.round.pop(0)
            if self.round:
                self.send_off(self.round[0].charge)
            else:
                self.say("Rolling restart: done")
        elif time.monotonic() > self.round_due_at:
            self.say(f"Rolling restart: given up, {charge.name} is not ready after {ROLL_SECONDS:g} s")
            self.round = []
            if charge.asked:
                charge.stop()  # it did not end: the watch launches it again

    def mourn(self, post: Post, cause: str) -> None:
        """Say what happened and what comes of it."""
        pause = post.note_end()
        self.say(f"{post.charge.name} ended ({cause}); starting it again in {pause:g} s")

    def end(self) -> None:
        """Ask the roles to end, insist after a grace, then stop the servers."""
        deadline = time.monotonic() + GRACE_SECONDS
        for role in self.roles:
            role.ask_to_end()
        while any(role.alive() for role in self.roles) and (left := deadline - time.monotonic()) > 0:
            signal.sigtimedwait({signal.SIGCHLD}, min(left, 0.2))
        for role in self.roles:
            role.stop()
        for server in self.servers:
            server.stop()
