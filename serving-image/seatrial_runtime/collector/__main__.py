"""`python -m seatrial_runtime.collector`: configured by the environment alone."""

import contextlib
import os
import sys

from seatrial.contract.layout import InvalidLocationError
from seatrial.contract.names import InvalidNameError
from seatrial.store.objects import StoreError
from seatrial_runtime.collector.access import SecretError, connection
from seatrial_runtime.collector.configuration import ConfigurationError, read_configuration
from seatrial_runtime.collector.main import serve
from seatrial_runtime.log import configure


def main() -> int:
    """Serve; 2 where the environment is wrong."""
    try:
        configuration = read_configuration(os.environ)
        configure({"namespace": configuration.namespace, "name": configuration.name, "component": "collector"})
        connect = connection(configuration.home.bucket, os.environ)
        with contextlib.suppress(SecretError):  # it may come yet; the flusher says that it is not there
            connect()
    except (ConfigurationError, InvalidNameError, InvalidLocationError, StoreError) as error:
        print(f"collector: {error}", file=sys.stderr)
        return 2
    serve(configuration, connect)
    return 0


if __name__ == "__main__":
    sys.exit(main())
