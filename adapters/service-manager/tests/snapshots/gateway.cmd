@echo off
rem OpenClaw gateway
chcp 65001 >nul
cd /d "/home/ana/.openclaw"
set "HOME=/home/ana"
set "PATH=/usr/local/bin:/usr/bin:/bin"
set "OPENCLAW_STATE_DIR=/home/ana/.openclaw"
set "OPENCLAW_SERVICE_MARKER=openclaw"
/usr/bin/openclaw gateway run --port 18789
