"""Starts the product with demo data and lets schemathesis send to it what it likes, as each kind of viewer at the same time.

    python tests/fuzz/fuzz.py [SECONDS]

`make fuzz` installs what it needs and calls it. It fails when an answer is an internal error, a time-out or a status of 500 and
more, when the server's log has an internal error or a panic, or when afterwards it does not answer or end as it should.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = ROOT / "target/debug/wangqian"
VIEWERS = {
    "graduate": "graduate@example.com",
    "unconfirmed graduate": "new-graduate@example.com",
    "employer": "employer@example.com",
    "unverified employer": "pending-employer@example.com",
    "department": "department@example.com",
    "school": "school@example.com",
    "operator": "operator@example.com",
    "nobody": None,
}
PASSWORD = "wangqian-demo"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def ask(url, token, query, variables=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
        return json.load(answer)


def log_in(url, identifier):
    query = """mutation($input: LogInInput!) { logIn(input: $input) { token } }"""
    given = {"identifier": identifier, "password": PASSWORD, "delivery": "BEARER"}
    return ask(url, None, query, {"input": given})["data"]["logIn"]["token"]


def known_ids(url, tokens):
    """Ids of everything that anybody sees."""
    seen = json.dumps([
        ask(url, token, "{ agreements(first: 50) { nodes { id graduate { id school { id } department { id } } "
            "employer { id } documents { id } } } notifications(first: 20) { nodes { id } } sessions(first: 5) { nodes { id } } }")
        for token in tokens
    ])
    return sorted(set(re.findall(r'"id": "([^"]+)"', seen)))


def wait_for(server, log):
    until = time.monotonic() + 120
    while "Stop it with Ctrl-C" not in log.read_text():
        if server.poll() is not None or time.monotonic() > until:
            sys.exit(f"the server did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "300"
    folder = Path(tempfile.mkdtemp(prefix="wangqian-fuzz-"))
    folder.chmod(0o755)
    base = f"http://127.0.0.1:{(port := free_port())}"
    url, log = f"{base}/graphql", folder / "server.log"
    environment = {**os.environ, "WANGQIAN_LISTEN": f"127.0.0.1:{port}", "WANGQIAN_DATA": str(folder / "data")}
    with log.open("w") as output:
        server = subprocess.Popen([PROGRAM, "up"], stdout=output, stderr=output, env=environment)
    failed = []
    try:
        wait_for(server, log)
        tokens = {who: account and log_in(url, account) for who, account in VIEWERS.items()}
        known = json.dumps({"ids": known_ids(url, filter(None, tokens.values()))})
        runs = {}
        for who, token in tokens.items():
            report = folder / f"{who}.txt"
            command = [
                Path(sys.executable).with_name("schemathesis"), "run", url, "--phases", "fuzzing", "--checks", "no_internal_error",
                "--max-time", seconds, "--workers", "1", "--continue-on-failure", "--suppress-health-check", "all", "--no-color",
                # Whoever logs out has nothing more to try.
                "--exclude-name", "Mutation.logOut",
            ]
            command += ["-H", f"Authorization: Bearer {token}"] if token else []
            with report.open("w") as output:
                runs[who] = (report, subprocess.Popen(
                    command, stdout=output, stderr=subprocess.STDOUT, cwd=folder,
                    env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "FUZZ_KNOWN": known},
                ))
        for who, (report, run) in runs.items():
            status = run.wait()
            said = report.read_text()
            counted = re.findall(r"(\d[\d,]*) generated", said)
            print(f"{who}: {'ok' if status == 0 else 'FAILED'}, {counted[0] if counted else 'no'} cases")
            if status != 0 or not counted:
                failed.append(f"{who}:\n{said[-4000:]}")
        alive = ask(url, None, "{ viewer { __typename } }")
        if "errors" in alive:
            failed.append(f"afterwards: {alive}")
    finally:
        server.send_signal(signal.SIGINT)
        if server.wait(60) != 0:
            failed.append(f"the server ended with {server.returncode}")
    for line in log.read_text().splitlines():
        if "failure=Internal" in line or "panicked" in line:
            failed.append(line[:2000])
    for failure in failed[:20]:
        print(failure)
    if failed:
        sys.exit(f"{len(failed)} failures; all of it is in {folder}")


if __name__ == "__main__":
    main()
