"""What gRPC's own tools ask a server: which services it has, with their types, and how it is."""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import \
    ProtoReflectionDescriptorDatabase

from suite import MASTER, PLAIN, RULED, case, raises, run

SERVICES = {
    "etcdserverpb.KV", "etcdserverpb.Watch", "etcdserverpb.Lease", "etcdserverpb.Cluster",
    "etcdserverpb.Maintenance", "etcdserverpb.Auth", "v3lockpb.Lock", "v3electionpb.Election",
}


def channel(text=PLAIN):
    return grpc.insecure_channel(text)


def call(it, pool, method, request, **more):
    """Calls a method of which only the server's own description is known."""
    service, name = method.split("/")
    described = pool.FindServiceByName(service).FindMethodByName(name)
    message = json_format.ParseDict(request, message_factory.GetMessageClass(described.input_type)())
    callable_ = it.unary_unary(
        f"/{method}", request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=message_factory.GetMessageClass(described.output_type).FromString)
    return callable_(message, timeout=20, **more)


def health(it, service, method="Check"):
    stub = health_pb2_grpc.HealthStub(it)
    return getattr(stub, method)(health_pb2.HealthCheckRequest(service=service), timeout=20)


@case
def the_services_are_listed(it):
    listed = set(ProtoReflectionDescriptorDatabase(it).get_services())
    assert SERVICES <= listed, listed
    assert "grpc.health.v1.Health" in listed, listed


@case
def what_is_described_can_be_called(it):
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(it))
    methods = pool.FindServiceByName("etcdserverpb.Maintenance").methods_by_name
    assert {"Alarm", "Status", "Defragment", "Hash", "HashKV", "Snapshot", "MoveLeader",
            "Downgrade"} <= set(methods)
    put = call(it, pool, "etcdserverpb.KV/Put", {"key": "YQ==", "value": "Yg=="})
    assert put.header.revision > 0
    got = call(it, pool, "etcdserverpb.KV/Range", {"key": "YQ=="})
    assert got.count == 1 and got.kvs[0].value == b"b"
    status = call(it, pool, "etcdserverpb.Maintenance/Status", {})
    assert status.version.startswith("3.")
    kind = pool.FindMessageTypeByName("mvccpb.KeyValue")
    assert [field.name for field in kind.fields][:2] == ["key", "create_revision"]


@case
def each_file_is_described_with_what_it_needs(it):
    database = ProtoReflectionDescriptorDatabase(it)
    pool = descriptor_pool.DescriptorPool(database)
    for service in SERVICES:
        described = pool.FindServiceByName(service)
        assert described.methods and described.file.name.endswith(".proto")
        file = database.FindFileByName(described.file.name)
        assert isinstance(file, descriptor_pb2.FileDescriptorProto) and file.service
    raises(KeyError, lambda: database.FindFileByName("none.proto"))
    raises(KeyError, lambda: database.FindFileContainingSymbol("etcdserverpb.Nothing"))


@case
def several_questions_go_through_one_stream(it):
    stub = reflection_pb2_grpc.ServerReflectionStub(it)
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="etcdserverpb.KV.Range"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="none"),
    ]
    kinds = [answer.WhichOneof("message_response")
             for answer in stub.ServerReflectionInfo(iter(asked), timeout=20)]
    assert kinds == ["list_services_response", "file_descriptor_response", "error_response"], kinds


@case
def the_server_is_healthy(it):
    serving = health_pb2.HealthCheckResponse.SERVING
    assert health(it, "").status == serving
    first = next(iter(health(it, "", "Watch")))
    assert first.status == serving
    error = raises(grpc.RpcError, lambda: health(it, "none"))
    assert error.code() == grpc.StatusCode.NOT_FOUND


@case
def who_may_do_nothing_may_still_ask_how_it_is(_):
    it = channel(RULED)
    assert health(it, "").status == health_pb2.HealthCheckResponse.SERVING
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(it))
    error = raises(grpc.RpcError, lambda: call(it, pool, "etcdserverpb.KV/Range", {"key": "YQ=="}))
    assert error.details() == "etcdserver: user name is empty", error
    token = call(it, pool, "etcdserverpb.Auth/Authenticate",
                 {"name": "root", "password": MASTER}).token
    for header in ["token", "authorization"]:
        got = call(it, pool, "etcdserverpb.KV/Range", {"key": "YQ=="}, metadata=[(header, token)])
        assert got.header.revision > 0


@case
def what_is_not_there_is_not_implemented(it):
    for method in ["/etcdserverpb.KV/Nothing", "/none.Service/Nothing"]:
        missing = it.unary_unary(method)
        error = raises(grpc.RpcError, lambda call=missing: call(b"", timeout=20))
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error


run(channel)
