"""`factbook serve`: the server in the foreground, and the line to click."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from ipaddress import ip_address
from typing import Annotated, Any

import structlog
import typer
import uvicorn
import uvloop
from rich.console import Console

from factbook import __version__, app, jobs
from factbook.access.keys import Keys
from factbook.cli.demo import loaded_with_progress, told
from factbook.core import logs
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.core.settings import Settings, load_settings
from factbook.demo.keeping import keep
from factbook.demo.replay import replay
from factbook.ingest.file_sink import IntakeSink
from factbook.services import Services
from factbook.storage.folder import Folder
from factbook.transports.http.connection import Connection
from factbook.transports.http.operations import own_ports
from factbook.transports.http.patience import Patient

log = structlog.get_logger()

SWITCH_SECONDS = 0.0005
"""How long one thread may hold the interpreter: short, so that a large batch does not keep small requests waiting."""

LIVE_EVENTS_PER_SECOND = 25.0

FirstSteps = Callable[[threading.Event], None]


def serve(
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo data, then replay it live.")] = False,
    open_link: Annotated[bool, typer.Option("--link/--no-link", help="Print the line to sign in with.")] = True,
) -> None:
    """Starts Factbook: takes events, answers questions, shows the dashboard."""
    settings = load_settings()
    logs.configure(settings.logging.level, settings.logging.format)
    sys.setswitchinterval(SWITCH_SECONDS)
    console = Console(stderr=True, highlight=False)
    folder = Folder(settings.server.data)
    try:
        listener = _listen(settings.server.host, settings.server.port)
        address = _address(settings, listener)
        with app.build(settings, folder=folder) as services:
            require_key(settings.server.host, services.keys)
            folder.announce(address=address, version=__version__)
            runner = jobs.start(services)
            gc.freeze()
            gc.set_threshold(50_000, 20, 20)  # events come by the thousand and none of them is a cycle
            _greet(console, settings, services, address)
            first = partial(_first_steps, console, services, address, demo=demo, link=open_link)
            uvloop.run(_run(services, settings, listener, first))
            console.print("Finishing what was accepted …")
            runner.stop()
    finally:
        folder.release()
    console.print("Stopped.")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise FactbookError(
            Kind.UNAVAILABLE,
            f"Port {port} on {host} cannot be used: {error.strerror}.",
            field="SERVER_PORT",
            hint="Stop what listens there, or choose another port: PORT=8006 make run.",
        ) from error
    return listener


def require_key(host: str, keys: Keys) -> None:
    """CONFLICT for a server that other machines reach while no administrator's key was set on purpose."""
    try:
        is_inside = ip_address(host).is_loopback
    except ValueError:
        is_inside = host == "localhost"
    if not is_inside and not keys.is_set_up():
        raise FactbookError(
            Kind.CONFLICT,
            f"Other machines would reach this server at {host}, and nobody has set a key for its administrator.",
            field="FACTBOOK_ADMIN_KEY",
            hint="Set FACTBOOK_ADMIN_KEY (16 characters or more), or make one with `factbook keys create`; or listen on"
            " 127.0.0.1 alone (FACTBOOK_SERVER_HOST).",
        )


def _address(settings: Settings, listener: socket.socket) -> str:
    host = settings.server.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104
    return f"http://{shown}:{listener.getsockname()[1]}"


def _greet(console: Console, settings: Settings, services: Services, address: str) -> None:
    console.print(f"[bold]Factbook {__version__}[/bold] on {address}, data in {settings.server.data}")
    for new in services.made:
        console.print(f"  {new.row.role} key, shown this once: [bold]{new.key}[/bold]", soft_wrap=True)


async def _run(services: Services, settings: Settings, listener: socket.socket, first: FirstSteps) -> None:
    state = {"ready": True}
    servers = [_server(app.http_app(services, lambda: state["ready"]), partial(Connection, services))]
    sockets = [[listener]]
    for port, extra in own_ports(services, lambda: state["ready"]).items():
        servers.append(_server(extra, partial(Patient, settings.server.head_timeout, settings.server.body_timeout)))
        sockets.append([_listen(settings.server.host, port)])
    stop = threading.Event()
    loop = asyncio.get_running_loop()

    def leave() -> None:
        state["ready"] = False
        stop.set()
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave)
    tasks = [asyncio.create_task(server.serve(bound)) for server, bound in zip(servers, sockets, strict=True)]
    background = threading.Thread(target=first, args=(stop,), name="first-steps", daemon=True)
    background.start()
    try:
        await asyncio.gather(*tasks)
    finally:
        stop.set()
        await asyncio.to_thread(background.join, 10)


class _Server(uvicorn.Server):
    """uvicorn, leaving the signals to us: several servers stop together."""

    def install_signal_handlers(self) -> None:
        return None

    def capture_signals(self) -> Any:
        return nullcontext()


def _server(application: Any, http: Any = "httptools") -> uvicorn.Server:
    return _Server(
        uvicorn.Config(
            application,
            http=http,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=15,
            backlog=2048,
            ws_max_size=1024 * 1024,
            h11_max_incomplete_event_size=64 * 1024,
        )
    )


def _first_steps(
    console: Console, services: Services, address: str, stop: threading.Event, *, demo: bool, link: bool
) -> None:
    """Beside the running server: the demo data, the line to click, and the demo replayed live."""
    sink = IntakeSink(services.intake, Scope.system(), origin="demo", stop=stop)
    try:
        if demo:
            keep(services.retention, Scope.system())
            console.print(told(loaded_with_progress(sink, shift=True)))
        if link and not stop.is_set():
            token = services.keys.sign_in.sign_in_token()
            console.print(f"\n  Open [bold]{address}/?token={token}[/bold]\n", soft_wrap=True)
        if demo:
            replay(sink, LIVE_EVENTS_PER_SECOND, stop)
    except FactbookError as error:
        if not stop.is_set():
            log.error("the demo stopped", reason=error.message, hint=error.hint)
