@echo off
rem OpenClaw gateway (profile work)
chcp 65001 >nul
cd /d "/home/ana/.openclaw"
set "HOME=/home/ana"
set "PATH=/usr/local/bin:/usr/bin:/bin"
set "OPENCLAW_STATE_DIR=/home/ana/.openclaw"
set "OPENCLAW_SERVICE_MARKER=openclaw"
set "NOTE=50%% of \ & <that>"
"/opt/a & b/100%% $HOME/openclaw" gateway run --port 18789 "$5 <x> 50%%"
