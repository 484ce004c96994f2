#!/bin/sh
# A nightly run for cron: import the day's files, check the snapshot, print a digest of the outcome.
# 夜间批处理：导入当日文件、检查该时点、输出结果摘要。
#
#   nightly.sh DATE FILE…      for example: nightly.sh 2024-06-30 /export/20240630/*.csv
#
# LOANLIGHT_BOOK names the book, LOANLIGHT_LOG the event log, PYTHON the interpreter. The status is that of the first
# step that failed (1 refused or failed, 2 wrong usage), else 0; after a failed import nothing is checked. cron mails
# what is printed: the digest, and the messages of a failed step in both languages.
set -u
cd "$(dirname "$0")/.." || exit 2
if [ $# -lt 2 ]; then
    echo "usage: nightly.sh DATE FILE… 用法：nightly.sh 日期 文件…" >&2
    exit 2
fi
python=${PYTHON:-.venv/bin/python}
log=${LOANLIGHT_LOG:-nightly.log}
day=$1
shift
began=$([ -f "$log" ] && wc -l < "$log" || echo 0)

"$python" -m data import "$@" --as-of "$day" --log-file "$log" --json > /dev/null
status=$?
if [ $status -eq 0 ]; then
    "$python" -m policy check --as-of "$day" --log-file "$log" --json > /dev/null
    status=$?
fi

# The digest: the lines of the event log that say what was done, and how each step ended.
echo "Loanlight $day: status 退出状态 $status"
[ -f "$log" ] && tail -n "+$((began + 1))" "$log" | grep -E " event=(import|check|command_ended) "
exit $status
