"""How do the builds of an index lie on a Qdrant server? A collection a build, an alias that names the current one.

aisle_<name>_<build id>     one build's products
aisle_<name>                alias of the current build; moving it is the switch
aisle_builds                manifest and vocabulary of each build, without vectors
"""

import uuid
from base64 import b64decode, b64encode

from qdrant_client import QdrantClient, models

from catalog.vocabulary import Vocabulary
from domain.errors import IndexUnavailable
from tools.engine import VectorEngine
from tools.index_home import Build, Manifest, checked, read_as_index
from tools.qdrant_server_engine import QdrantServerEngine, translated
from tools.term_statistics import TermStatistics

_BUILDS = "aisle_builds"
_NAMESPACE = uuid.UUID("0f6f4be5-19d1-4d1c-8a3b-3f2f2c9a7f10")


class IndexOnServer:
    """IndexHome over a server or cluster; any number of processes may serve the same build."""

    def __init__(self, client: QdrantClient, name: str) -> None:
        self._client = client
        self._name = name
        self._alias = f"aisle_{name}"

    @classmethod
    def connect(cls, url: str, name: str, *, api_key: str | None = None, timeout_s: int = 10) -> "IndexOnServer":
        """The builds of ``name`` on the server at ``url``; nothing is asked of it yet."""
        return cls(QdrantClient(url=url, api_key=api_key, timeout=timeout_s), name)

    @property
    def name(self) -> str:
        return self._name

    def current_id(self) -> str | None:
        with translated():
            aliases = self._client.get_aliases().aliases
        found = next((a.collection_name for a in aliases if a.alias_name == self._alias), None)
        return None if found is None else found.removeprefix(f"{self._alias}_")

    def manifest(self, build_id: str) -> Manifest:
        with read_as_index(self.name):
            return checked(Manifest.model_validate_json(self._documents(build_id)["manifest"]))

    def open(self, build_id: str) -> Build:
        stored = self._documents(build_id)
        with read_as_index(self.name):
            vocabulary = Vocabulary.model_validate_json(stored["vocabulary"])
            terms = TermStatistics.from_bytes(b64decode(stored["terms"]))
        return Build(self.manifest(build_id), vocabulary, terms, self.resume_engine(build_id))

    def create_engine(self, build_id: str, *, dimensions: int) -> VectorEngine:
        collection = self._collection(build_id)
        with translated():
            self._client.delete_collection(collection)
        engine = QdrantServerEngine(self._client, collection)
        engine.create(dimensions=dimensions)
        return engine

    def resume_engine(self, build_id: str) -> VectorEngine:
        return QdrantServerEngine(self._client, self._collection(build_id))

    def publish(self, manifest: Manifest, vocabulary: Vocabulary, terms: TermStatistics) -> None:
        payload = {
            "index": self.name,
            "build_id": manifest.build_id,
            "manifest": manifest.model_dump_json(),
            "vocabulary": vocabulary.model_dump_json(),
            "terms": b64encode(terms.to_bytes()).decode(),
        }
        point = models.PointStruct(id=self._document_id(manifest.build_id), vector={}, payload=payload)
        alias = models.CreateAlias(collection_name=self._collection(manifest.build_id), alias_name=self._alias)
        switch: list[models.AliasOperations] = [models.CreateAliasOperation(create_alias=alias)]
        with translated():
            if not self._client.collection_exists(_BUILDS):
                self._client.create_collection(_BUILDS, vectors_config={})
            self._client.upsert(_BUILDS, [point], wait=True)
            if self.current_id() is not None:
                switch.insert(0, models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self._alias)))
            self._client.update_collection_aliases(change_aliases_operations=switch)

    def remove_old_builds(self) -> None:
        """Deletes all but the current build; a server that still asks the older one follows the alias within a second."""
        current = self.current_id()
        with translated():
            names = [c.name for c in self._client.get_collections().collections]
            for build_id in (n.removeprefix(f"{self._alias}_") for n in names if n.startswith(f"{self._alias}_")):
                if build_id != current and self._client.retrieve(_BUILDS, [self._document_id(build_id)], with_payload=False):
                    self._client.delete_collection(self._collection(build_id))
                    self._client.delete(_BUILDS, models.PointIdsList(points=[self._document_id(build_id)]), wait=True)

    def _documents(self, build_id: str) -> dict[str, str]:
        with translated():
            found = self._client.retrieve(_BUILDS, [self._document_id(build_id)], with_payload=True)
        if not found or not found[0].payload:
            raise IndexUnavailable(f"build {build_id!r} of index {self.name!r} is not on the server; run `python -m app index`")
        return found[0].payload

    def _collection(self, build_id: str) -> str:
        return f"{self._alias}_{build_id}"

    def _document_id(self, build_id: str) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"{self.name}/{build_id}"))
