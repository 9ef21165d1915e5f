#!/usr/bin/env python3
"""Merges the folders' fragments of the API description into one document.

A fragment (src/FOLDER/openapi*.yaml) has `paths` and `components`; that of src/app has `info`, `servers`,
`tags` and what all share. Written: openapi.yaml and openapi.json (OpenAPI 3.1), openapi-3.0.yaml, the
same for tools that only read 3.0, and api/docs.json, the legacy dialect alone as its clients know it. Whatever is said twice, or refers to nothing, is an error.
"""
import argparse
import json
import pathlib
import sys

import yaml

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


class Fault(Exception):
    """A sentence for the person who wrote the fragment."""


class UniqueKeyLoader(yaml.SafeLoader):
    """YAML keeps the last of two equal keys; here the second is a fault."""


def unique_mapping(loader, node):
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise Fault(f"{node.start_mark.name}:{key_node.start_mark.line + 1}: said twice: {key}")
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, unique_mapping)
# Times and dates in examples stay text; only `true` and `false` are booleans, not `yes` and `on`.
UniqueKeyLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag != "tag:yaml.org,2002:timestamp"
            and (tag != "tag:yaml.org,2002:bool" or first in "tTfF")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def merge(fragments: dict, version: str) -> dict:
    """`fragments`: name -> parsed YAML, in the order of the folders' names."""
    document = {"openapi": "3.1.0", "info": None, "servers": [{"url": "/"}], "tags": [], "security": [],
                "paths": {}, "components": {}}
    owner = {}
    for name, fragment in fragments.items():
        for section, content in (fragment or {}).items():
            if section in ("openapi", "info", "servers", "security"):
                claim(owner, section, name)
                document[section] = content
            elif section == "tags":
                for tag in content:
                    claim(owner, f"tag {tag['name']}", name)
                    document["tags"].append(tag)
            elif section == "paths":
                for path, item in content.items():
                    for operation, value in item.items():
                        claim(owner, f"{path} {operation}", name)
                        document["paths"].setdefault(path, {})[operation] = value
            elif section == "components":
                for kind, members in content.items():
                    for member, value in members.items():
                        claim(owner, f"components/{kind}/{member}", name)
                        document["components"].setdefault(kind, {})[member] = value
            else:
                raise Fault(f"{name}: unknown section: {section}")
    if document["info"] is None:
        raise Fault("no fragment has `info` (src/app/openapi.yaml does)")
    document["info"]["version"] = version
    for kind in document["components"].values():
        if not isinstance(kind, dict):
            raise Fault("components: each kind is a mapping")
    document["paths"] = dict(sorted(document["paths"].items()))
    add_malformed(document)
    for section in ("tags", "security"):
        if not document[section]:
            del document[section]
    check(document)
    return document


def add_malformed(document: dict) -> None:
    """Any request may be one that cannot be read, a broken escape in its query for example: 400."""
    responses = document["components"].get("responses", {})
    for path, item in document["paths"].items():
        shape = "LegacyError" if is_legacy(path) else "Problem"
        for method, operation in item.items():
            if method in METHODS and shape in responses:
                answers = {"400": {"$ref": f"#/components/responses/{shape}"}, **operation.get("responses", {})}
                operation["responses"] = dict(sorted(answers.items()))


def claim(owner: dict, what: str, name: str) -> None:
    if what in owner:
        raise Fault(f"{name}: {what} is already described in {owner[what]}")
    owner[what] = name


def check(document: dict) -> None:
    """References lead somewhere, operation ids are unique, path parameters are described."""
    for reference, where in references(document, "#"):
        if not reference.startswith("#/") or resolve(document, reference) is None:
            raise Fault(f"{where}: refers to nothing: {reference}")
    seen = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            operation_id = operation.get("operationId")
            if operation_id is None:
                raise Fault(f"{method} {path}: no operationId")
            if operation_id in seen:
                raise Fault(f"{method} {path}: operationId of {seen[operation_id]}: {operation_id}")
            seen[operation_id] = f"{method} {path}"
            if not operation.get("responses"):
                raise Fault(f"{method} {path}: no responses")
            described = {parameter["name"]
                         for parameter in map(lambda p: follow(document, p),
                                              item.get("parameters", []) + operation.get("parameters", []))
                         if parameter["in"] == "path"}
            wanted = {part[1:-1] for part in path.split("/") if part.startswith("{")}
            if described != wanted:
                raise Fault(f"{method} {path}: path parameters described: {sorted(described)}, "
                            f"in the path: {sorted(wanted)}")


def references(node, where):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"], where
        for key, value in node.items():
            yield from references(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from references(value, f"{where}/{index}")


def resolve(document, reference):
    node = document
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or part not in node:
            return None
        node = node[part]
    return node


def follow(document, node):
    return resolve(document, node["$ref"]) if "$ref" in node else node


# Below: 3.1 -> 3.0. Schemas of 3.1 are JSON Schema 2020-12, those of 3.0 a dialect of their own.

SCHEMA_OF_KEY = {"items", "additionalProperties", "not", "schema"}
SCHEMAS_IN_LIST = {"allOf", "anyOf", "oneOf"}
SCHEMAS_IN_MAPPING = {"properties"}
ONLY_IN_3_1 = {"$schema", "$id", "$anchor", "$defs", "$comment", "if", "then", "else", "contains",
               "propertyNames", "prefixItems", "unevaluatedProperties", "unevaluatedItems",
               "patternProperties", "dependentRequired", "dependentSchemas", "contentMediaType",
               "contentEncoding", "minContains", "maxContains"}


def downgrade(document: dict) -> dict:
    older = walk(document)
    older["openapi"] = "3.0.3"
    older["info"].pop("summary", None)
    license_info = older["info"].get("license", {})
    license_info.pop("identifier", None)
    older.pop("webhooks", None)
    older.pop("jsonSchemaDialect", None)
    components = older.get("components", {})
    components.pop("pathItems", None)
    if "schemas" in components:
        components["schemas"] = {name: downgrade_schema(schema)
                                 for name, schema in document["components"]["schemas"].items()}
    return older


def legacy_only(older: dict) -> dict:
    """What Conbench's Python server described: the paths that end in a slash, and what they refer to."""
    legacy = {**older, "openapi": "3.0.2", "paths": {path: item for path, item in older["paths"].items()
                                                     if is_legacy(path)}}
    wanted, found = set(), set(reference for reference, _ in references(legacy["paths"], "#"))
    while found:
        wanted |= found
        found = {reference for one in found for reference, _ in references(resolve(older, one), "#")} - wanted
    legacy["components"] = {
        kind: kept for kind, members in older.get("components", {}).items()
        if (kept := {name: member for name, member in members.items()
                     if kind == "securitySchemes" or f"#/components/{kind}/{name}" in wanted})}
    used = {tag for item in legacy["paths"].values() for operation in item.values()
            if isinstance(operation, dict) for tag in operation.get("tags", [])}
    legacy["tags"] = [tag for tag in older.get("tags", []) if tag["name"] in used]
    return legacy


def is_legacy(path: str) -> bool:
    return path.startswith("/api/") and path.endswith("/")


def walk(node):
    """Everything outside schemas is the same in both; the value of a key `schema` is a schema."""
    if isinstance(node, list):
        return [walk(element) for element in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"]}
    return {key: downgrade_schema(value) if key == "schema" else
            value if key in ("example", "examples") else walk(value)
            for key, value in node.items()}


def downgrade_schema(schema):
    if schema is True:
        return {}
    if schema is False:
        return {"not": {}}
    if "$ref" in schema:
        # In 3.0 whatever stands beside $ref is ignored.
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        reference = {"$ref": schema["$ref"]}
        return reference if not rest else {**downgrade_schema(rest), "allOf": [reference]}
    older = {}
    for key, value in schema.items():
        if key in ONLY_IN_3_1:
            continue
        if key in SCHEMAS_IN_LIST:
            older[key] = [downgrade_schema(element) for element in value]
        elif key in SCHEMAS_IN_MAPPING:
            older[key] = {name: downgrade_schema(element) for name, element in value.items()}
        elif key in SCHEMA_OF_KEY and not (key == "additionalProperties" and isinstance(value, bool)):
            older[key] = downgrade_schema(value)
        else:
            older[key] = value
    downgrade_type(older)
    if "const" in older:
        older["enum"] = [older.pop("const")]
    if "examples" in older:
        examples = older.pop("examples")
        if examples:
            older["example"] = examples[0]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(older.get(exclusive), (int, float)) and not isinstance(older[exclusive], bool):
            older[bound], older[exclusive] = older[exclusive], True
    if older.get("type") == "array":
        older.setdefault("items", {})
    return older


def downgrade_type(schema: dict) -> None:
    """`type: [string, "null"]` and `anyOf: [..., {type: "null"}]` become `nullable`."""
    kinds = schema.get("type")
    if isinstance(kinds, list) or kinds == "null":
        kinds = [kinds] if kinds == "null" else list(kinds)
        nullable = "null" in kinds
        kinds = [kind for kind in kinds if kind != "null"]
        if len(kinds) == 1:
            schema["type"] = kinds[0]
        else:
            del schema["type"]
            if kinds:
                schema["anyOf"] = schema.get("anyOf", []) + [
                    {"type": kind, **({"items": {}} if kind == "array" else {})} for kind in kinds]
            else:
                schema["enum"] = [None]
        if nullable:
            schema["nullable"] = True
    for combination in ("anyOf", "oneOf"):
        members = schema.get(combination)
        if not members:
            continue
        without_null = [member for member in members if member.get("enum") != [None]]
        if len(without_null) < len(members):
            schema["nullable"] = True
            schema[combination] = without_null
            # In 3.0 `nullable` counts only beside a type; a single member is said directly.
            if len(without_null) == 1:
                del schema[combination]
                if "$ref" in without_null[0]:
                    schema["allOf"] = [without_null[0]]
                else:
                    schema.update({k: v for k, v in without_null[0].items() if k not in schema})
    if schema.get("nullable") and "enum" in schema and None not in schema["enum"]:
        schema["enum"] = schema["enum"] + [None]


class PlainDumper(yaml.SafeDumper):
    """No anchors: the same object twice is written twice."""

    def ignore_aliases(self, data):
        return True


def dump(document: dict) -> str:
    return yaml.dump(document, Dumper=PlainDumper, sort_keys=False, allow_unicode=True, width=110)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("fragments", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    try:
        fragments = {}
        for path in sorted(options.fragments):
            with path.open(encoding="utf-8") as stream:
                fragments[f"{path.parent.name}/{path.name}"] = yaml.load(stream, Loader=UniqueKeyLoader)
        document = merge(fragments, options.version)
    except (Fault, yaml.YAMLError) as fault:
        print(f"merge_openapi.py: {fault}", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "openapi.yaml").write_text(dump(document), encoding="utf-8")
    (options.out / "openapi.json").write_text(
        json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    older = downgrade(document)
    (options.out / "openapi-3.0.yaml").write_text(dump(older), encoding="utf-8")
    (options.out / "api").mkdir(exist_ok=True)
    (options.out / "api" / "docs.json").write_text(
        json.dumps(legacy_only(older), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
