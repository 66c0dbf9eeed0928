"""Real certificates for tests of TLS, made by the openssl program in a folder of the test's."""

import subprocess


class Authority:
    """Signs certificates; all files are PEM and lie in `folder`."""

    def __init__(self, folder, name="authority"):
        self.folder, self.name = folder, name
        self.certificate = folder / f"{name}.crt"
        self._key = folder / f"{name}.key"
        self._openssl(
            "req", "-x509", *_NEW_KEY, "-keyout", self._key, "-out", self.certificate, "-days", "2", "-subj", f"/CN={name}"
        )  # fmt: skip

    def issue(self, name, alternatives="DNS:localhost,IP:127.0.0.1"):
        """(certificate file, key file) of `name`. Without alternatives the common name is all it says."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        extension = ["-addext", f"subjectAltName={alternatives}"] if alternatives else []
        self._openssl(
            "req", "-x509", *_NEW_KEY, "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={name}",
            "-CA", self.certificate, "-CAkey", self._key, "-addext", "basicConstraints=critical,CA:FALSE", *extension,
        )  # fmt: skip
        return str(certificate), str(key)

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
