@echo off
rem iiscluster-kb @VERSION@: collects what a diagnosis of IIS 4.0 on a Windows NT 4.0 cluster needs.
rem
rem   collect-nt4 [FOLDER]      run it on each node, as an administrator; FOLDER\name-of-the-node is made
rem
rem It uses nothing but what the command prompt of Windows NT 4.0 has, reads only, stops no service and
rem writes nowhere but below FOLDER (by default the current one). What it could not save it names at the end.
setlocal
if .%1==. goto here
set OUT=%~f1
goto named
:here
set OUT=.
:named
set OUT=%OUT%\%COMPUTERNAME%
if not exist "%OUT%\collect.log" goto fresh
echo %OUT% holds a collection already; name another folder or move it away.
goto end
:fresh
if not exist "%OUT%" mkdir "%OUT%"
set LOG=%OUT%\collect.log
set TREE=%OUT%\files\%SystemRoot::=%
set MISSED=
echo iiscluster-kb @VERSION@ on %COMPUTERNAME% > "%LOG%"

echo Listings
dir /a /x "%SystemRoot%" > "%OUT%\dir_windows.txt" 2>> "%LOG%"
dir /a /x /s "%SystemRoot%\system32" > "%OUT%\dir_system32.txt" 2>> "%LOG%"
if exist "%SystemRoot%\Cluster" dir /a /x /s "%SystemRoot%\Cluster" > "%OUT%\dir_cluster.txt" 2>> "%LOG%"

echo Files
@EACH@
call :take system32\inetsrv @LIBRARY@
call :take system32 @LIBRARY@
call :take Cluster @LIBRARY@
@END@

echo Registry
call :hive SYSTEM
call :hive SOFTWARE
call :hive Cluster
rem While the cluster service runs, CLUSDB is locked and HKEY_LOCAL_MACHINE\Cluster is there instead.
if exist "%SystemRoot%\Cluster\CLUSDB" copy "%SystemRoot%\Cluster\CLUSDB" "%OUT%\CLUSDB" >> "%LOG%" 2>&1
rem What a crash kept from CLUSDB is in its log.
if exist "%OUT%\CLUSDB" if exist "%SystemRoot%\Cluster\CLUSDB.LOG" copy "%SystemRoot%\Cluster\CLUSDB.LOG" "%OUT%" >> "%LOG%" 2>&1

echo Quorum disk
for %%d in (C D E F G H I J K L M N O P Q R S T U V W X Y Z) do if exist %%d:\MSCS\CHK*.TMP call :quorum %%d

echo.
if "%MISSED%"=="" echo All was collected into %OUT%
if "%MISSED%"=="" goto end
echo Not saved:%MISSED%
echo Save each by hand: Regedt32, window HKEY_LOCAL_MACHINE, the key of that name, menu Registry, Save Key,
echo into %OUT%
echo (Cluster: not needed where CLUSDB was copied; where neither is there, the cluster service is not installed.)
goto end

:take
if not exist "%SystemRoot%\%1\%2" goto end
if not exist "%TREE%\%1" mkdir "%TREE%\%1"
copy "%SystemRoot%\%1\%2" "%TREE%\%1\%2" >> "%LOG%" 2>&1
goto end

:hive
rem Regback is of the Resource Kit; reg save is of Windows XP and later and of the Windows 2000 Support Tools.
regback "%OUT%\%1.hiv" machine %1 >> "%LOG%" 2>&1
if exist "%OUT%\%1.hiv" goto end
reg save HKLM\%1 "%OUT%\%1.hiv" >> "%LOG%" 2>&1
if exist "%OUT%\%1.hiv" goto end
start /wait regedit /e "%OUT%\%1.reg" HKEY_LOCAL_MACHINE\%1
if exist "%OUT%\%1.reg" goto end
set MISSED=%MISSED% %1
goto end

:quorum
if not exist "%OUT%\quorum\MSCS" mkdir "%OUT%\quorum\MSCS"
copy %1:\MSCS\CHK*.TMP "%OUT%\quorum\MSCS" >> "%LOG%" 2>&1
copy %1:\MSCS\QUOLOG.LOG "%OUT%\quorum\MSCS" >> "%LOG%" 2>&1
goto end

:end
