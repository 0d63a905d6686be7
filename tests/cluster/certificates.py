"""One certificate authority and one client or server certificate a component, made by openssl."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.commands import run
from tests.cluster.places import API_ADDRESS, NODE_ADDRESS

SERVER: Final = "https://127.0.0.1:6443"
DAYS: Final = 365
SUBJECTS: Final = {
    "apiserver": "/CN=kube-apiserver",
    "admin": "/O=system:masters/CN=admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "node": "/O=system:nodes/CN=system:node:node1",
    "proxy": "/CN=system:kube-proxy",
    "front-proxy": "/CN=front-proxy",  # the API server itself, where it passes requests on to another
}
_NAMES: Final = ",".join(
    [f"IP:{address}" for address in ("127.0.0.1", API_ADDRESS, NODE_ADDRESS)]
    + [f"DNS:{name}" for name in ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")]
)


@dataclass(frozen=True, slots=True)
class Credential:
    """The files of one identity in a folder of keys."""

    folder: Path
    name: str

    @property
    def certificate(self) -> Path:
        """The certificate, PEM."""
        return self.folder / f"{self.name}.crt"

    @property
    def key(self) -> Path:
        """The private key, PEM."""
        return self.folder / f"{self.name}.key"

    @property
    def authority(self) -> Path:
        """The certificate of the authority that signed it."""
        return self.folder / "ca.crt"


def make_all(pki: Path, kubeconfigs: Path) -> None:
    """Make the authority, the key for service accounts, and each component's certificate and kubeconfig."""
    pki.mkdir(parents=True, mode=0o700)
    _openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=seatrial -days", str(DAYS), at=pki)
    _openssl("genrsa -out sa.key 2048", at=pki)
    _openssl("rsa -in sa.key -pubout -out sa.pub", at=pki)
    (pki / "extensions").write_text(f"subjectAltName={_NAMES}\nextendedKeyUsage=serverAuth,clientAuth\n")
    for name, subject in SUBJECTS.items():
        _openssl(f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj", subject, at=pki)
        signing = f"x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile extensions"
        _openssl(f"{signing} -out {name}.crt -days", str(DAYS), at=pki)
        path = kubeconfigs / f"{name}.conf"
        path.touch(mode=0o600)
        path.write_text(kubeconfig(Credential(pki, name)))


def kubeconfig(credential: Credential) -> str:
    """A kubeconfig for one identity, as YAML."""
    return f"""\
apiVersion: v1
kind: Config
clusters:
- name: seatrial
  cluster: {{server: "{SERVER}", certificate-authority: {credential.authority}}}
users:
- name: {credential.name}
  user: {{client-certificate: {credential.certificate}, client-key: {credential.key}}}
contexts:
- name: seatrial
  context: {{cluster: seatrial, user: {credential.name}}}
current-context: seatrial
"""


def _openssl(words: str, *more: str, at: Path) -> None:
    run(["openssl", *words.split(), *more], timeout=60, folder=at)
