"""A session of gRPC's own client with the log of build events; runs where grpcio-tools is (test_build_events.py).

build_events_session.py HOST:PORT TOKEN < {"append": [event, ...], "calls": [[method, request], ...], "tail": count}: one JSON
document of what the server said: of each call the message as JSON, or {"error": status, "code": benchlake-code}.
"""
import importlib
import json
import pathlib
import sys
import tempfile
from typing import Any

import grpc
from google.protobuf import json_format
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "src/events/proto"


def compiled(folder: str) -> Any:
    arguments = ["protoc", f"-I{PROTO}", f"--python_out={folder}", f"--grpc_python_out={folder}",
                 "databuild/v1/databuild.proto"]
    if protoc.main(arguments) != 0:
        raise SystemExit("databuild.proto does not compile")
    sys.path.insert(0, folder)
    return (importlib.import_module("databuild.v1.databuild_pb2"),
            importlib.import_module("databuild.v1.databuild_pb2_grpc"))


def said(call: Any) -> Any:
    try:
        return json_format.MessageToDict(call(), preserving_proto_field_name=True)
    except grpc.RpcError as error:
        code = dict(error.trailing_metadata() or ()).get("benchlake-code", "")
        return {"error": error.code().name, "code": code, "message": error.details()}


def session(messages: Any, services: Any, channel: Any, token: str, wanted: dict) -> dict:
    stub = services.BuildEventLogStub(channel)
    metadata = [("authorization", f"Bearer {token}")] if token else []
    inputs = {method.name: method.input_type.name for method in
              messages.DESCRIPTOR.services_by_name["BuildEventLog"].methods}
    answers = []
    tail = stub.TailEvents(messages.TailEventsRequest(since_idx=0), metadata=metadata, timeout=60)
    for method, request in wanted["calls"]:
        message = json_format.ParseDict(request, getattr(messages, inputs[method])())
        answers.append(said(lambda: getattr(stub, method)(message, metadata=metadata, timeout=60)))
    followed = []
    for _ in range(wanted["tail"]):
        followed.append(json_format.MessageToDict(next(tail), preserving_proto_field_name=True))
    tail.cancel()
    return {"methods": sorted(inputs), "answers": answers, "followed": followed}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary, grpc.insecure_channel(sys.argv[1]) as opened:
        pair = compiled(temporary)
        print(json.dumps(session(*pair, opened, sys.argv[2], json.load(sys.stdin))))
