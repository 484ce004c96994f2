"""The facts that rules may read."""

import argparse
from dataclasses import asdict

from data.command_line import options, output
from data.errors import InputError
from data.messages.catalogue import bilingual
from policy.commands import policy_options
from policy.model import readable_facts
from policy.runs import snapshot_check

ABOUT = "list the facts that rules may read, with type, unit, source and meaning"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_tables_option(command)
    options.add_json_option(command)
    command.add_argument("word", nargs="?", default="", help="only facts whose name, subject or meaning has this word")


def run(arguments: argparse.Namespace) -> int:
    found = readable_facts.find_facts(snapshot_check.load_policy(arguments.tables), arguments.word)
    if not found:
        raise InputError(bilingual("commands.no_such_fact", word=arguments.word))
    if arguments.json:
        output.print_json({"fields": [asdict(fact) for fact in found]})
        return 0
    for fact in found:
        unit = f" ({fact.unit})" if fact.unit else ""
        codes = f" [{fact.codes}]" if fact.codes else ""
        print(f"{fact.subject:12}{fact.name:34}{fact.type + unit + codes:34}{fact.source:14}{fact.zh} / {fact.en}")
    return 0
