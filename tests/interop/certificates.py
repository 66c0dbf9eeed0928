"""A throw-away certificate for localhost, made by the openssl program, and the authority that signed it: itself."""

import subprocess
from collections import namedtuple
from pathlib import Path

Certificates = namedtuple("Certificates", "authority certificate key")


def certificates(folder):
    certificate, key = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return Certificates(certificate, certificate, key)
