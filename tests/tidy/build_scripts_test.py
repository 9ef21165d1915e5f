#!/usr/bin/env python3
"""The scripts of the build: merging the API description, embedding files, unpacking the lake's packages."""
import gzip
import pathlib
import sys
import tempfile
import unittest
import zipfile

sys.path[:0] = [str(pathlib.Path(__file__).parents[2] / folder) for folder in ("cmake", "dev.d/lake")]
import embed  # noqa: E402
import merge_openapi as openapi  # noqa: E402
import unpack  # noqa: E402

APP = {"info": {"title": "t"}, "components": {"schemas": {"Problem": {"type": "object"}}}}


def operation(**more) -> dict:
    return {"operationId": "op", "responses": {"200": {"description": "ok"}}, **more}


def merged(**fragments) -> dict:
    return openapi.merge({"app": APP, **fragments}, "1.2.3")


class Merge(unittest.TestCase):
    def refused(self, sentence: str, **fragments) -> None:
        with self.assertRaisesRegex(openapi.Fault, sentence):
            merged(**fragments)

    def test_fragments_become_one_document_with_the_version(self):
        document = merged(a={"paths": {"/b": {"get": operation()}}},
                          b={"paths": {"/a": {"get": operation(operationId="other")}}})
        self.assertEqual(list(document["paths"]), ["/a", "/b"])
        self.assertEqual(document["info"]["version"], "1.2.3")

    def test_two_folders_may_share_a_path_but_not_an_operation(self):
        get = {"paths": {"/a": {"get": operation()}}}
        post = {"paths": {"/a": {"post": operation(operationId="other")}}}
        self.assertEqual(set(merged(a=get, b=post)["paths"]["/a"]), {"get", "post"})
        self.refused("/a get is already described in a", a=get, b=get)

    def test_a_component_is_described_once(self):
        self.refused("components/schemas/Problem is already described in app",
                     a={"components": {"schemas": {"Problem": {}}}})

    def test_references_lead_somewhere(self):
        body = {"200": {"description": "d", "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Gone"}}}}}
        self.refused("refers to nothing: #/components/schemas/Gone",
                     a={"paths": {"/a": {"get": operation(responses=body)}}})

    def test_operations_have_unique_ids_and_describe_their_path(self):
        self.refused("operationId of get /a", a={"paths": {"/a": {"get": operation()}, "/b": {"get": operation()}}})
        self.refused("path parameters described", a={"paths": {"/a/{id}": {"get": operation()}}})
        self.refused("no operationId", a={"paths": {"/a": {"get": {"responses": {"200": {}}}}}})

    def test_a_key_said_twice_is_a_fault(self):
        with self.assertRaisesRegex(openapi.Fault, "said twice: a"):
            openapi.yaml.load("a: 1\nb: 2\na: 3\n", Loader=openapi.UniqueKeyLoader)

    def test_times_and_words_stay_text(self):
        loaded = openapi.yaml.load("a: 2024-01-01T00:00:00Z\nb: no\nc: true\n", Loader=openapi.UniqueKeyLoader)
        self.assertEqual(loaded, {"a": "2024-01-01T00:00:00Z", "b": "no", "c": True})


class Downgrade(unittest.TestCase):
    def becomes(self, schema, older) -> None:
        self.assertEqual(openapi.downgrade_schema(schema), older)

    def test_null_becomes_nullable(self):
        self.becomes({"type": ["string", "null"]}, {"type": "string", "nullable": True})
        self.becomes({"anyOf": [{"$ref": "#/x"}, {"type": "null"}]}, {"nullable": True, "allOf": [{"$ref": "#/x"}]})
        self.becomes({"oneOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
                     {"nullable": True, "type": "integer", "minimum": 1})
        self.becomes({"type": ["string", "null"], "enum": ["a", None]},
                     {"type": "string", "nullable": True, "enum": ["a", None]})

    def test_several_types_become_alternatives(self):
        self.becomes({"type": ["string", "number", "null"]},
                     {"anyOf": [{"type": "string"}, {"type": "number"}], "nullable": True})

    def test_const_examples_and_exclusive_bounds_take_their_older_form(self):
        self.becomes({"const": "a"}, {"enum": ["a"]})
        self.becomes({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"})
        self.becomes({"type": "number", "exclusiveMinimum": 0},
                     {"type": "number", "minimum": 0, "exclusiveMinimum": True})

    def test_what_stands_beside_a_reference_is_kept(self):
        self.becomes({"$ref": "#/x", "description": "d"}, {"description": "d", "allOf": [{"$ref": "#/x"}]})

    def test_schemas_inside_schemas_are_reached(self):
        self.becomes({"type": "object", "properties": {"type": {"type": ["integer", "null"]}},
                      "additionalProperties": False},
                     {"type": "object", "properties": {"type": {"type": "integer", "nullable": True}},
                      "additionalProperties": False})
        self.becomes({"type": "array", "prefixItems": [{}]}, {"type": "array", "items": {}})

    def test_schemas_of_parameters_and_bodies_are_reached(self):
        document = merged(a={"paths": {"/a": {"get": operation(parameters=[
            {"name": "q", "in": "query", "schema": {"type": ["string", "null"]}}])}}})
        older = openapi.downgrade(document)
        self.assertEqual(older["openapi"], "3.0.3")
        self.assertEqual(older["paths"]["/a"]["get"]["parameters"][0]["schema"], {"type": "string", "nullable": True})


class Embed(unittest.TestCase):
    def entries(self, **files) -> dict:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            described = {}
            for path, content in files.items():
                file = folder / path.replace("__", "/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file = file.with_name(file.name.replace("_dot_", "."))
                file.write_bytes(content)
                entry = embed.describe(folder, file, folder / "gz")
                if entry["gzip"]:
                    entry["unpacked"] = gzip.decompress(entry["gzip"].read_bytes())
                described[entry["relative"]] = entry
            return described

    def test_gzip_is_kept_when_it_pays(self):
        entries = self.entries(a_dot_js=b"x" * 5000, b_dot_js=b"x")
        self.assertEqual(entries["a.js"]["unpacked"], b"x" * 5000)
        self.assertIsNone(entries["b.js"]["gzip"])

    def test_only_hashed_asset_names_are_immutable(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "assets").mkdir()
            for path, immutable in (("assets/index-B5Qt9EMX.js", True), ("index.html", False), ("assets/logo.svg", False)):
                (folder / path).write_text("x")
                self.assertEqual(embed.describe(folder, folder / path, folder)["immutable"], immutable, path)

    def test_an_unknown_type_is_refused(self):
        with self.assertRaisesRegex(SystemExit, "no content type"):
            self.entries(a_dot_exe=b"x")

    def test_the_assembly_changes_with_the_content(self):
        one, two = (self.entries(a_dot_js=content)["a.js"] for content in (b"one", b"two"))
        two["file"] = one["file"]
        self.assertNotEqual(embed.assembly("web", [one]), embed.assembly("web", [two]))


class Unpacking(unittest.TestCase):
    def test_the_files_of_the_build_have_their_places_and_others_none(self):
        for member, place in {
                "pyarrow/include/arrow/c/bridge.h": "include/arrow/c/bridge.h",
                "pyarrow/libarrow.so.2600": "lib/libarrow.so.2600",
                "x/extensions/v1.5.5/ducklake.duckdb_extension": "lib/duckdb-extensions/ducklake.duckdb_extension",
                "duckdb-1.5.5/external/duckdb/src/include/duckdb.h": "include/duckdb.h"}.items():
            self.assertEqual(str(unpack.target_of(member)), place)
        for member in ("pyarrow/include/parquet/api.h", "pyarrow/libarrow_flight.so.2600", "pyarrow/libparquet.so.2600",
                       "pyarrow/lib.pyx", "duckdb-1.5.5/src/main.py"):
            self.assertIsNone(unpack.target_of(member), member)

    def test_a_package_without_anything_for_the_build_is_a_fault(self):
        with tempfile.TemporaryDirectory() as work:
            downloads = pathlib.Path(work, "downloads")
            downloads.mkdir()
            with zipfile.ZipFile(downloads / "other-1.whl", "w") as wheel:
                wheel.writestr("other/__init__.py", "")
            with self.assertRaisesRegex(SystemExit, "nothing that the build wants is in other-1.whl"):
                unpack.main(downloads, pathlib.Path(work, "prefix"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
