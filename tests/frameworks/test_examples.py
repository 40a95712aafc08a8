"""The agents of docs/python.md, word for word, each with a model that a script plays, so none needs a network."""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest
from agents import Model, ModelResponse, Usage, set_tracing_disabled
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText
from pydantic import Field
from pydantic_ai.messages import ModelMessage, ModelRequest, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.messages import ModelResponse as PydanticResponse
from pydantic_ai.models.function import AgentInfo, FunctionModel

from kanban_py import Kanban, Link, to_records
from script import LAST, STEPS, next_call

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"


def example(heading: str) -> Any:
    """The function `work` of the program under a heading."""
    section = PAGE.read_text("utf-8").partition(f"\n### {heading}\n")[2]
    (program,) = re.findall(r"^```python\n(.*?)^```", section.partition("\n### ")[0], re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(program, heading, "exec"), names)
    return names["work"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A working directory that the user under which PostgreSQL runs can get into."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="kanban-frameworks-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        os.chdir(name)
        yield Path(name)
        os.chdir(before)


def check(folder: Path, answer: str) -> None:
    """The agent has done on the board what the script says."""
    assert answer == LAST
    with Kanban.open(folder / "board") as kanban:
        card = kanban.get_card("AB-1")
        assert (card.status, card.labels, card.claim) == ("done", ("tests",), None)
        comments = [(comment.author.id, comment.body) for comment in kanban.iter_comments("AB-1")]
        assert comments == [("claude-1", "The search endpoint has no test."), ("claude-1", "Found one of them.")]
        actions = [event.action for event in kanban.iter_events("AB") if event.actor_id == "claude-1"]
        assert actions == ["card.claimed", "card.updated", "comment.created", "card.completed", "comment.created"]


class ScriptedOpenAI(Model):
    """A model of the OpenAI Agents SDK."""

    def __init__(self) -> None:
        self.schemas: dict[str, dict[str, Any]] = {}

    async def get_response(self, system_instructions: Any, input: Any, *args: Any, **kwargs: Any) -> ModelResponse:
        tools = args[1] if len(args) > 1 else kwargs["tools"]
        self.schemas = {tool.name: tool.params_json_schema for tool in tools}
        items = [] if isinstance(input, str) else input
        answers = [str(item["output"]) for item in items if item.get("type") == "function_call_output"]
        call = next_call(answers)
        if call is None:
            text = ResponseOutputText(type="output_text", text=LAST, annotations=[])
            output: Any = ResponseOutputMessage(
                type="message", id="m", role="assistant", status="completed", content=[text]
            )
        else:
            output = ResponseFunctionToolCall(
                type="function_call", call_id=f"c{len(answers)}", name=call[0], arguments=json.dumps(call[1])
            )
        return ModelResponse(output=[output], usage=Usage(), response_id=None)

    def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        raise NotImplementedError("the example does not stream")


def test_openai_agents_sdk(folder: Path) -> None:
    set_tracing_disabled(True)
    model = ScriptedOpenAI()
    check(folder, asyncio.run(example("OpenAI Agents SDK")(model)))
    update = model.schemas["update_card"]["properties"]
    assert update["version"]["description"].startswith("Its version as you have read it.")
    assert len(model.schemas) == 12


class ScriptedChat(BaseChatModel):
    """A model of LangChain."""

    described: dict[str, Any] = Field(default_factory=dict)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        self.described.update({tool.name: tool.tool_call_schema.model_json_schema() for tool in tools})
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answers = [str(message.content) for message in messages if isinstance(message, ToolMessage)]
        call = next_call(answers)
        calls = [] if call is None else [{"name": call[0], "args": call[1], "id": f"c{len(answers)}"}]
        message = AIMessage(content=LAST if call is None else "", tool_calls=calls)
        return ChatResult(generations=[ChatGeneration(message=message)])


def test_langchain(folder: Path) -> None:
    model = ScriptedChat()
    check(folder, asyncio.run(example("LangChain and LangGraph")(model)))
    update = model.described["update_card"]["properties"]
    assert update["version"]["description"].startswith("Its version as you have read it.")
    assert len(model.described) == 12


def test_pydantic_ai(folder: Path) -> None:
    described: dict[str, Any] = {}

    def respond(messages: list[ModelMessage], info: AgentInfo) -> PydanticResponse:
        described.update({tool.name: tool.parameters_json_schema for tool in info.function_tools})
        parts = [part for message in messages if isinstance(message, ModelRequest) for part in message.parts]
        call = next_call([str(part.content) for part in parts if isinstance(part, ToolReturnPart)])
        return PydanticResponse(parts=[TextPart(LAST) if call is None else ToolCallPart(*call)])

    check(folder, asyncio.run(example("PydanticAI")(FunctionModel(respond))))
    update = described["update_card"]["properties"]
    assert update["version"]["description"].startswith("Its version as you have read it.")
    assert len(described) == 12


def test_data_frames(folder: Path) -> None:
    section = PAGE.read_text("utf-8").partition("`to_records()`")[2]
    names: dict[str, Any] = {}
    with Kanban.open(folder / "board") as kanban:
        kanban.seed_demo()
        kanban.claim_next("claude-1")
        kanban.update_card("AB-2", 1, fields={"estimate": 3}, links=[Link("https://example.com", "there")])
    program = re.search(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert program is not None
    exec(compile(program[1], "data frames", "exec"), names)
    cards, days = names["cards"], names["days"]
    assert list(cards["claim.agent_id"].fillna("")) == ["", "", "claude-1"]
    assert str(cards["created_at"].dtype).startswith("datetime64")
    assert days.schema["day"] == polars.Date
    assert days["wip"].sum() >= 1
    with Kanban.open(folder / "board") as kanban:
        frame = polars.DataFrame(kanban.list_cards("AB").to_records())
        assert frame.schema["created_at"] == polars.Datetime("us", "UTC")
        assert frame.schema["labels"] == polars.List(polars.String)
        assert frame.sort("key")["fields"].to_list()[1] == '{"estimate": 3}'
        assert frame.sort("key")["links"].to_list()[1] == [{"url": "https://example.com", "title": "there"}]
        picked = polars.DataFrame(kanban.pick_cards("AB", ["title", "claim"]).to_records())
        assert picked.columns == ["id", "key", "version", "title", "claim.agent_id", "claim.epoch", "claim.until"]
        assert len(pandas.DataFrame(to_records(kanban.iter_events("AB")))) == kanban.get_board("AB").seq


def test_the_script_calls_what_every_example_has_to() -> None:
    assert [name for name, _ in STEPS] == ["claim_task", "update_card", "add_comment", "complete_task"]
