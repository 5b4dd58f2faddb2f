"""What the gateway's configuration promises before Envoy ever reads it."""

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from kith.options.v1 import options_pb2

from gateway.clusters import clusters
from gateway.config import GatewayConfig
from gateway.descriptors import Contract


def test_a_path_without_a_declared_access_is_not_rendered() -> None:
    files = FileDescriptorSet.FromString(Contract.committed().data)
    service = next(s for file in files.file for s in file.service if s.name == "ContextService")
    service.method[0].options.ClearExtension(options_pb2.access)
    with pytest.raises(ValueError, match=service.method[0].name):
        _ = Contract(files.SerializeToString()).rpcs


def test_a_server_with_tls_must_show_a_certificate_of_the_named_authority() -> None:
    server = clusters(GatewayConfig(grpc_tls_ca=Path("authority.pem")))[0]
    trust = server["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"]
    assert trust == {"trusted_ca": {"filename": "authority.pem"}}
