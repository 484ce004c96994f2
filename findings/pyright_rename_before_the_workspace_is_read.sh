#!/usr/bin/env bash
# pyright 1.1.414 (its language server, from npm): a rename that is asked for as soon as a file is open changes that file
# alone and reports no error. The same request some seconds later changes all files of the workspace.
# Seen 2026-12-01 on a workspace of four files: "asked at once: 1 of 4 files", "asked after 8 s: 4 of 4 files".
# What follows: a tool that renames by this server waits, and compares what came back with a search of its own.
# Needs node, npm and python3. Exit status 0 while the behaviour is as described, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund pyright@1.1.414 >/dev/null
mkdir workspace
echo '{}' >workspace/pyrightconfig.json
echo 'def post(amount): return amount' >workspace/ledger.py
for number in 1 2 3; do
    printf 'from ledger import post\nprint(post(%s))\n' "$number" >"workspace/user$number.py"
done
cat >ask.py <<'PY'
import json
import pathlib
import subprocess
import sys
import time

seconds = float(sys.argv[1])
workspace = pathlib.Path("workspace").resolve()
ledger = workspace / "ledger.py"
server = subprocess.Popen(
    ["node_modules/.bin/pyright-langserver", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
)


def send(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    server.stdin.flush()


def receive():
    length = 0
    while line := server.stdout.readline().strip():
        if line.lower().startswith(b"content-length"):
            length = int(line.split(b":")[1])
    return json.loads(server.stdout.read(length))


def ask(number, method, **params):
    send(id=number, method=method, params=params)
    while True:
        message = receive()
        if "method" in message and "id" in message:  # the server asks for its settings: none
            items = message["params"].get("items") if message.get("params") else None
            send(id=message["id"], result=[None] * len(items) if items else None)
        elif message.get("id") == number:
            return message


root = workspace.as_uri()
ask(
    1, "initialize", processId=None, rootUri=root, workspaceFolders=[{"uri": root, "name": "workspace"}],
    capabilities={"workspace": {"configuration": True, "workspaceFolders": True,
                                "workspaceEdit": {"documentChanges": True}}},
)
send(method="initialized", params={})
document = {"uri": ledger.as_uri()}
send(method="textDocument/didOpen",
     params={"textDocument": document | {"languageId": "python", "version": 1, "text": ledger.read_text()}})
if seconds:
    ask(2, "textDocument/documentSymbol", textDocument=document)
    time.sleep(seconds)
answer = ask(3, "textDocument/rename", textDocument=document, position={"line": 0, "character": 4}, newName="post_entry")
server.kill()
print(len(answer["result"]["documentChanges"]), answer.get("error"))
PY
at_once=$(python3 ask.py 0)
later=$(python3 ask.py 8)
echo "asked at once: ${at_once% *} of 4 files, error: ${at_once#* }"
echo "asked after 8 s: ${later% *} of 4 files, error: ${later#* }"
[ "$at_once" = "1 None" ] && [ "$later" = "4 None" ]
