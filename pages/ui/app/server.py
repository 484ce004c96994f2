"""The server of the dashboard: Streamlit's application behind the guards of every request."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

from data.errors import ConfigurationError
from data.messages.catalogue import bilingual, to_chinese
from pages.ui.app import request_guards


def prepare_guards() -> list[Middleware]:
    """The guards of every request; a setting that cannot be used ends the process with one message."""
    try:
        return request_guards.list_guards()
    except ConfigurationError as error:
        message = error.args[0]
        sys.exit(f"{message}\n{to_chinese(message)}")


@asynccontextmanager
async def announce_address(_app: st.App) -> AsyncIterator[None]:
    """Say where the dashboard is, in place of Streamlit's lines, for which it asks an outside service."""
    shown = "browser.serverAddress" if config.is_manually_set("browser.serverAddress") else "server.address"
    address = config.get_option(shown)
    message = bilingual("server.address", url=f"http://{address}:{config.get_option('server.port')}")
    print(message, message.zh, sep="\n", flush=True)
    yield
