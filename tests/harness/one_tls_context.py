"""Every `httpx.get` makes a client, and every client reads the certificates that the machine trusts: 16 ms of processor
time a request, more than most answers take. One context does for all that ask for nothing else."""

import functools

import httpx

CLIENTS = (httpx.Client, httpx.AsyncClient)


def install():
    context = httpx.create_ssl_context()
    for client in CLIENTS:
        client.__init__ = _with_context(client.__init__, context)


def _with_context(init, context):
    @functools.wraps(init)
    def wrapped(self, *, verify=True, **rest):
        init(self, verify=context if verify is True else verify, **rest)

    return wrapped
