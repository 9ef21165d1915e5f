"""A session of the official client of the Model Context Protocol; runs where package `mcp` is (test_mcp.py).

mcp_session.py URL TOKEN < [[tool, arguments], ...]: one JSON document of what the server said.
"""
import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client


async def session(url: str, token: str, calls: list) -> dict:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with create_mcp_http_client(headers=headers) as http, \
            streamable_http_client(url + "/mcp", http_client=http) as streams, \
            ClientSession(*streams[:2]) as client:
        hello = await client.initialize()
        await client.send_ping()
        tools = [tool.name for tool in (await client.list_tools()).tools]
        answers = []
        for tool, arguments in calls:
            answer = await client.call_tool(tool, arguments)
            answers.append({"is_error": answer.is_error, "text": answer.content[0].text})
        return {"server": hello.server_info.name, "tools": tools, "answers": answers}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(session(sys.argv[1], sys.argv[2], json.load(sys.stdin)))))
