"""Rounds of kill -9 at random moments of an upload of mixed files into several clients."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
from files.makers import make_docx, make_pdf, make_scan_pdf
from files.markup_makers import make_html
from leftovers import rows
from running_server import RunningServer
from waiting import wait_for

Files = Sequence[tuple[str, bytes]]
_SEARCHABLE = {"ready", "partial", "unchanged"}
_GOING_ON = "SELECT count(*) FROM jobs WHERE state <> 'done'"


@dataclass
class Acknowledged:
    """What the service said it has: jobs (202), and the documents of a finished upload (200)."""

    jobs: list[str] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)


class KillRounds:
    """`run` is one round; all rounds are on the same data. The seed decides when each kill comes."""

    def __init__(self, server: RunningServer, seed: int, longest_seconds: float = 3.0) -> None:
        self.server, self._random, self._longest = server, random.Random(seed), longest_seconds
        self.clients = ("acme", "beta", "gamma")
        self.rounds = 0
        self.taken_up = 0

    def run(self) -> str:
        """Upload, kill, start, and see that everything that was acknowledged is there; what happened, in a line."""
        self.rounds += 1
        said = Acknowledged()
        uploads = [
            threading.Thread(target=self._upload, args=(client, background, said))
            for client, background in zip(self.clients, (True, False, True), strict=True)
        ]
        for upload in uploads:
            upload.start()
        delay = self._random.uniform(0.02, self._longest)
        time.sleep(delay)
        self.server.kill()
        for upload in uploads:
            upload.join(60)
        going_on = int(str(rows(self.server.folder, _GOING_ON)[0][0]))
        self.taken_up += going_on
        self.server.start()
        wait_for(lambda: rows(self.server.folder, _GOING_ON) == [(0,)])
        outcomes = [each for job in said.jobs for each in self._outcomes(job)] + said.documents
        for outcome in outcomes:
            self._check(outcome)
        return (
            f"round {self.rounds:2}: killed after {delay:.2f} s, {going_on} jobs went on by themselves, "
            f"{len(outcomes)} files had been acknowledged"
        )

    def _upload(self, client: str, background: bool, said: Acknowledged) -> None:
        """Two uploads, one after the other, until the service is killed."""
        address = f"/api/v1/ingest/?background={str(background).lower()}"
        for part in (1, 2):
            files = [("files", each) for each in mixed_files(client, f"{self.rounds}x{part}")]
            try:
                with httpx2.Client(base_url=self.server.url, timeout=60) as http:
                    response = http.post(address, files=files, data={"client_id": client})
            except httpx2.TransportError:
                return
            assert response.status_code in (200, 202), response.text
            if background:
                said.jobs.append(response.json()["job_id"])
            else:
                said.documents += [{**each, "client_id": client} for each in response.json()["documents"]]

    def _outcomes(self, job_id: str) -> list[dict[str, Any]]:
        job = self.server.http.get(f"/api/v1/ingest/jobs/{job_id}").json()
        assert job["finished"], job
        return [{**each, "client_id": job["client_id"]} for each in job["documents"]]

    def _check(self, outcome: dict[str, Any]) -> None:
        if outcome["status"] not in _SEARCHABLE:
            assert outcome["status"] in ("failed", "empty"), outcome
            assert outcome["error"], outcome
            assert outcome["filename"].startswith(("broken", "scan")) or outcome["code"] == "superseded", outcome
            return
        word = outcome["filename"].partition("-")[0]
        found = self.server.ask(outcome["client_id"], f"What is {word}?")["sources"]
        assert any(word in source["content"] for source in found), outcome


def mixed_files(client: str, number: str) -> Files:
    """Several kinds, a broken one, a scan, a longer PDF, and one whose name comes again in each round."""
    words = [f"zeta{number}{kind}{client}" for kind in "abcdef"]
    pages = [f"Page {page} of {words[0]}. " + f"Clause {page} regulates {page * 7}. " * 30 for page in range(16)]
    return [
        (f"{words[1]}-note.txt", f"The word {words[1]} stands here.".encode()),
        (f"{words[0]}-long.pdf", make_pdf(pages)),
        (f"{words[2]}-list.csv", f"name,price\n{words[2]},7\n".encode()),
        ("broken.docx", b"PK\x03\x04 this is no archive " + number.encode()),
        (f"{words[3]}-page.html", make_html(f"<h1>{words[3]}</h1><p>Some words about {words[3]}.</p>")),
        ("scan.pdf", make_scan_pdf(2) + f"\n% {number}".encode()),
        (f"{words[4]}-text.docx", make_docx([f"The word {words[4]} stands here."])),
        ("zeta-again.md", f"# Again\n\nThis is version {number} of zeta, again and again.".encode()),
    ]
