"""POST /api/v1/chat/"""

import uuid

from files.makers import make_docx, make_pdf
from groq_stand_in import GroqStandIn
from groq_turns import Answer
from running_server import RunningServer

PAGES = [
    "Introduction. This report describes the harbour bridge and its upkeep.",
    "The Harbour Bridge was opened in 1932. It is painted in a colour called bridge grey.",
    "Costs. The yearly upkeep of the bridge costs four million crowns.",
]


def prompts(groq: GroqStandIn) -> str:
    return "\n".join(str(request) for request in groq.requests)


def test_an_answer_has_every_field_of_the_contract(server: RunningServer) -> None:
    client_id = server.new_client(("report.pdf", make_pdf(PAGES)))
    answer = server.ask(client_id, "When was the Harbour Bridge opened?")
    assert set(answer) == {
        "response", "session_id", "client_id", "memory_used", "new_session", "sources", "model", "degraded",
        "cached", "retry_after", "usage", "message_id",
    }  # fmt: skip
    assert "1932" in answer["response"]
    assert uuid.UUID(answer["session_id"])
    assert answer["client_id"] == client_id
    assert (answer["memory_used"], answer["new_session"], answer["degraded"]) == (True, True, False)
    assert answer["model"] == "openai/gpt-oss-120b"
    assert answer["usage"]["llm_calls"] == 1
    assert answer["usage"]["prompt_tokens"] > 0
    best = answer["sources"][0]
    assert set(best) == {"page", "place", "content", "filename", "document_id", "score", "cited", "verified"}
    assert (best["page"], best["filename"]) == (2, "report.pdf")
    assert (best["cited"], best["verified"]) == (True, True)
    assert best["document_id"].startswith("doc_")
    scores = [source["score"] for source in answer["sources"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_the_sources_are_what_the_model_was_shown_and_no_others(server: RunningServer, groq: GroqStandIn) -> None:
    client_id = server.new_client(("report.pdf", make_pdf(PAGES)))
    before = len(groq.requests)
    answer = server.ask(client_id, "What does the upkeep cost?")
    (request,) = groq.requests[before:]
    prompt = str(request)
    assert all(source["content"] in prompt.replace("\\n", "\n") for source in answer["sources"])


def test_a_fact_in_a_docx_table_is_found(server: RunningServer) -> None:
    table = [["part", "torque"], ["wheel nut M14", "140 Nm"], ["oil plug", "35 Nm"]]
    client_id = server.new_client(("manual.docx", make_docx(["Torques are listed below."], table=table)))
    answer = server.ask(client_id, "What is the torque of the wheel nut M14?")
    assert "140 Nm" in answer["sources"][0]["content"]
    assert answer["sources"][0]["page"] is None


def test_a_follow_up_finds_what_it_leans_on(server: RunningServer) -> None:
    other = ("garden.txt", b"The garden shed is painted green. Tulips are planted in October.")
    client_id = server.new_client(("report.pdf", make_pdf(PAGES)), other)
    first = server.ask(client_id, "When was the Harbour Bridge opened?")
    second = server.ask(client_id, "And what is it painted in?", session_id=first["session_id"])
    assert second["new_session"] is False
    assert second["session_id"] == first["session_id"]
    assert "bridge grey" in second["sources"][0]["content"]


def test_the_history_is_sent_and_left_out_when_not_wanted(server: RunningServer, groq: GroqStandIn) -> None:
    client_id = server.new_client(("report.pdf", make_pdf(PAGES)))
    marker = "Tell me about the zanzibar question."
    session_id = server.ask(client_id, marker)["session_id"]
    before = len(groq.requests)
    server.ask(client_id, "And then?", session_id=session_id)
    assert marker in str(groq.requests[before:])
    before = len(groq.requests)
    forgetful = server.ask(client_id, "And then what?", session_id=session_id, use_memory=False)
    assert marker not in str(groq.requests[before:])
    assert forgetful["memory_used"] is False
    assert forgetful["session_id"] == session_id
    info = server.http.get(f"/api/v1/sessions/{session_id}/info").json()
    assert info["message_count"] == 4


def test_a_session_id_of_the_callers_own_begins_a_session(server: RunningServer) -> None:
    client_id = server.new_client(("report.pdf", make_pdf(PAGES)))
    mine = f"my.session:{uuid.uuid4()}"
    assert server.ask(client_id, "Hello bridge?", session_id=mine)["new_session"] is True
    assert server.ask(client_id, "Hello again?", session_id=mine)["new_session"] is False


def test_another_clients_session_is_not_found(server: RunningServer) -> None:
    one = server.new_client(("a.txt", b"Alpha."))
    two = server.new_client(("b.txt", b"Beta."))
    session_id = server.ask(one, "What is alpha?")["session_id"]
    for use_memory in (True, False):
        body = {"client_id": two, "message": "What?", "session_id": session_id, "use_memory": use_memory}
        response = server.http.post("/api/v1/chat/", json=body)
        assert response.status_code == 404
        assert response.json()["code"] == "session_not_found"


def test_an_unknown_client_is_not_found(server: RunningServer) -> None:
    response = server.http.post("/api/v1/chat/", json={"client_id": "nobody-here", "message": "Hello?"})
    assert response.status_code == 404
    assert response.json()["code"] == "client_not_found"


def test_two_clients_never_see_each_others_text_not_even_in_prompts(server: RunningServer, groq: GroqStandIn) -> None:
    one = server.new_client(("secret.txt", b"The launch code of the first client is XYLOPHONE."))
    two = server.new_client(("secret.txt", b"The launch code of the second client is MARIMBA."))
    before = len(groq.requests)
    for question in ("What is the launch code?", "Tell me the launch code of the first client."):
        answer = server.ask(two, question)
        assert "XYLOPHONE" not in str(answer)
    assert "XYLOPHONE" not in str(groq.requests[before:])
    assert "XYLOPHONE" in str(server.ask(one, "What is the launch code?"))


def test_without_a_key_the_answer_quotes_the_passages(keyless: RunningServer) -> None:
    client_id = keyless.new_client(("report.pdf", make_pdf(PAGES)))
    answer = keyless.ask(client_id, "When was the Harbour Bridge opened?")
    assert answer["degraded"] is True
    assert answer["model"] == "extractive"
    assert "The Harbour Bridge was opened in 1932." in answer["response"]
    assert answer["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "cached_tokens": 0, "llm_calls": 0}
    assert answer["sources"][0]["page"] == 2


def test_every_address_works_with_and_without_its_trailing_slash(server: RunningServer) -> None:
    client_id = server.new_client(("a.txt", b"Alpha is the first letter."))
    for path in ("/api/v1/chat", "/api/v1/chat/"):
        assert server.http.post(path, json={"client_id": client_id, "message": "What is alpha?"}).status_code == 200
    for path in ("/api/v1/ingest", "/api/v1/ingest/"):
        assert server.http.post(path, files=[("files", ("a.txt", b"Alpha."))]).status_code == 200
    for path in ("/health", "/readyz", "/api/v1/sessions/list", f"/api/v1/chat/collections/{client_id}/stats"):
        assert server.http.get(f"{path}/").status_code == server.http.get(path).status_code == 200


def test_the_same_question_of_a_new_session_costs_no_second_call(server: RunningServer, groq: GroqStandIn) -> None:
    client_id = server.new_client(("price.txt", b"The price of the gadget is 10 euro."))
    question = "What is the price of the gadget?"
    first = server.ask(client_id, question)
    before = len(groq.chats)
    second = server.ask(client_id, question)
    assert len(groq.chats) == before
    assert (first["cached"], second["cached"]) == (False, True)
    assert second["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "cached_tokens": 0, "llm_calls": 0}
    assert (second["response"], second["sources"]) == (first["response"], first["sources"])
    assert second["session_id"] != first["session_id"]
    assert server.http.get(f"/api/v1/sessions/{second['session_id']}/info").json()["message_count"] == 2
    follow_up = server.ask(client_id, question, session_id=first["session_id"])
    assert follow_up["cached"] is False, "a conversation may change what is meant"
    server.upload(("price.txt", b"The price of the gadget is 99 euro."), client_id=client_id)
    after_the_change = server.ask(client_id, question)
    assert after_the_change["cached"] is False
    assert "99 euro" in after_the_change["response"]


def test_markers_that_name_no_source_are_dropped_and_numbers_that_do_not_stand_there_are_told(
    server: RunningServer, groq: GroqStandIn
) -> None:
    client_id = server.new_client(("report.pdf", make_pdf(PAGES)))
    groq.script("*", Answer("It was opened in 1932 【1†L1-L2】 and is painted in bridge grey [1, 9]. So they say [7]."))
    right = server.ask(client_id, "When was the Harbour Bridge opened, and in which colour is it painted?")
    assert right["response"] == "It was opened in 1932 [1] and is painted in bridge grey [1]. So they say."
    cited, *others = [(each["cited"], each["verified"]) for each in right["sources"]]
    assert cited == (True, True)
    assert set(others) <= {(False, None)}
    groq.script("*", Answer("The Harbour Bridge was opened in 1923 [1]."))
    wrong = server.ask(client_id, "When was the Harbour Bridge opened?")
    verified, *others = [each["verified"] for each in wrong["sources"]]
    assert verified is False
    assert set(others) <= {None}
    stored = server.http.get(f"/api/v1/sessions/{wrong['session_id']}/messages").json()[-1]
    assert stored["sources"] == wrong["sources"]


def test_small_talk_searches_nothing_and_costs_no_passages(server: RunningServer, groq: GroqStandIn) -> None:
    client_id = server.new_client(("report.pdf", make_pdf(PAGES)))
    first = server.ask(client_id, "When was the Harbour Bridge opened?")
    before = len(groq.chats)
    thanks = server.ask(client_id, "Danke!", session_id=first["session_id"])
    (prompt,) = groq.prompts[before:]
    assert (thanks["sources"], thanks["degraded"], thanks["usage"]["llm_calls"]) == ([], False, 1)
    assert "<passage" not in prompt
    assert "When was the Harbour Bridge opened?" in prompt, "it is answered in the light of the conversation"
    assert thanks["usage"]["prompt_tokens"] < 200
    asked_on = server.ask(client_id, "Thanks, and what is it painted in?", session_id=first["session_id"])
    assert "bridge grey" in asked_on["sources"][0]["content"]


def test_without_a_key_small_talk_is_answered_politely_in_its_language(keyless: RunningServer) -> None:
    client_id = keyless.new_client(("report.pdf", make_pdf(PAGES)))
    for message, polite in (("merci beaucoup", "Je vous en prie !"), ("谢谢", "不客气！"), ("ممنون", "خواهش می‌کنم!")):
        answer = keyless.ask(client_id, message)
        assert (answer["response"], answer["sources"], answer["model"]) == (polite, [], "extractive")


def test_without_a_key_a_question_that_nothing_answers_is_refused_in_its_language(keyless: RunningServer) -> None:
    client_id = keyless.new_client(("report.pdf", make_pdf(PAGES)))
    answer = keyless.ask(client_id, "Wer gewann gestern das Fußballspiel in Dortmund?")
    assert answer["response"] == "Keine Stelle der Dokumente beantwortet diese Frage."
    assert not any(source["cited"] for source in answer["sources"])
