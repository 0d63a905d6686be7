"""`python -m seatrial_runtime.collector`: configured by the environment alone."""

import os
import sys

from seatrial.contract.environment import ENDPOINT, REGION
from seatrial.contract.layout import InvalidLocationError
from seatrial.contract.names import InvalidNameError
from seatrial.store.objects import StoreError
from seatrial.store.s3 import S3Store
from seatrial_runtime.collector.configuration import ConfigurationError, read_configuration
from seatrial_runtime.collector.main import serve
from seatrial_runtime.log import configure


def main() -> int:
    """Serve; 2 where the environment is wrong."""
    try:
        configuration = read_configuration(os.environ)
        configure({"namespace": configuration.namespace, "name": configuration.name, "component": "collector"})
        store = S3Store(configuration.home.bucket, os.environ.get(ENDPOINT) or None, os.environ.get(REGION) or None)
    except (ConfigurationError, InvalidNameError, InvalidLocationError, StoreError) as error:
        print(f"collector: {error}", file=sys.stderr)
        return 2
    serve(configuration, store)
    return 0


if __name__ == "__main__":
    sys.exit(main())
