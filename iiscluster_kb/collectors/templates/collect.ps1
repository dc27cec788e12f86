<#
.SYNOPSIS
    iiscluster-kb @VERSION@: collects what a diagnosis of IIS on a Windows cluster needs.
.DESCRIPTION
    On a running machine (Windows Server 2003 and later): collect.ps1 -Output FOLDER, as an administrator.
    Of a disk of any Windows, NT 4.0 too, that is attached to another machine or mounted from an image:
    collect.ps1 -Disk E: -Letter C -Name NODE1 -Output FOLDER
    Nothing is written but below FOLDER\NAME, and no service is stopped. Needs PowerShell 2.0.
.PARAMETER Output
    Where the folder of the machine is made; by default the current folder.
.PARAMETER Disk
    The attached disk, such as E:; without it the running machine is collected.
.PARAMETER Letter
    The drive letter that the disk has on its own machine.
.PARAMETER Name
    Name of the machine; by default that of this one.
#>
param(
    [string] $Output = '.',
    [string] $Disk = '',
    [string] $Letter = 'C',
    [string] $Name = $env:COMPUTERNAME
)

$ErrorActionPreference = 'Continue'
$folder = Join-Path $Output $Name
if (Test-Path -LiteralPath $folder) {
    Write-Error "$folder is there already; name another folder or move it away."
    exit 2
}
$null = New-Item -ItemType Directory -Path $folder
$log = Join-Path $folder 'collect.log'
$libraries = @(
@EACH@
    '@LIBRARY@'
@END@
)

function Write-Failure([string] $What, $Reason) {
    Add-Content -LiteralPath $log -Value "${What}: $Reason"
    Write-Warning "${What}: $Reason"
}

# The path that a file has on its own machine: E:\WINNT\a.dll of an attached disk is C:\WINNT\a.dll there.
function Get-OwnPath([string] $Path) {
    if ($Disk) { return $Letter.TrimEnd(':') + ':' + $Path.Substring($Disk.TrimEnd('\').Length) }
    return $Path
}

function Save-File([string] $Path) {
    $own = Get-OwnPath $Path
    $target = Join-Path (Join-Path $folder 'files') ($own -replace '^([A-Za-z]):', '$1')
    try {
        $null = New-Item -ItemType Directory -Force -Path (Split-Path -Parent $target)
        Copy-Item -LiteralPath $Path -Destination $target -ErrorAction Stop
    } catch {
        Write-Failure $own $_.Exception.Message
    }
}

# Dates are written alike in every culture.
$columns = @(
    @{ Name = 'FullName'; Expression = { Get-OwnPath $_.FullName } }
    'Length'
    @{ Name = 'LastWriteTimeUtc'; Expression = { $_.LastWriteTimeUtc.ToString('yyyy-MM-dd HH:mm:ss') } }
    @{ Name = 'Attributes'; Expression = { $_.Attributes.ToString() } }
    @{ Name = 'FileVersion'; Expression = { $_.VersionInfo.FileVersion } }
)

# One table for the Windows directory, system32 and Cluster with all below them; hidden files too. A table shows
# a directory whole only where entries of another follow, for nothing else tells that it was not cut off there:
# so the fonts close it.
function Save-Listing([string] $Root, [string] $Table) {
    $Error.Clear()
    $entries = @(Get-ChildItem -LiteralPath $Root -Force -ErrorAction SilentlyContinue)
    foreach ($place in 'system32', 'Cluster') {
        if (Test-Path -LiteralPath "$Root\$place") {
            $entries += @(Get-ChildItem -LiteralPath "$Root\$place" -Recurse -Force -ErrorAction SilentlyContinue)
        }
    }
    $unread = @($Error)
    $entries += @(Get-ChildItem -LiteralPath "$Root\Fonts" -Force -ErrorAction SilentlyContinue)
    $entries | Select-Object -Property $columns |
        Export-Csv -Path (Join-Path $folder $Table) -NoTypeInformation -Encoding UTF8
    # A directory that could not be read must not look empty: then the table proves nothing, and is renamed.
    if ($unread.Count) {
        Rename-Item -Path (Join-Path $folder $Table) -NewName "$Table.incomplete"
        Write-Failure (Get-OwnPath $Root) $unread[0]
    }
}

if ($Disk) {
    $roots = @('WINNT', 'WINDOWS') | ForEach-Object { "$($Disk.TrimEnd('\'))\$_" } |
        Where-Object { Test-Path -LiteralPath "$_\system32\config" }
} else {
    $roots = @($env:SystemRoot)
}

foreach ($root in $roots) {
    Save-Listing $root "dir_$(Split-Path -Leaf $root).csv"
    foreach ($place in 'system32\inetsrv', 'system32', 'Cluster') {
        foreach ($library in $libraries) {
            if (Test-Path -LiteralPath "$root\$place\$library") { Save-File "$root\$place\$library" }
        }
    }
    if ($Disk) {
        foreach ($hive in 'system32\config\SYSTEM', 'system32\config\SOFTWARE', 'Cluster\CLUSDB') {
            foreach ($file in $hive, "$hive.ALT", "$hive.LOG*") {
                Get-ChildItem -Path "$root\$file" -Force -ErrorAction SilentlyContinue |
                    Where-Object { -not $_.PSIsContainer } |
                    ForEach-Object { Save-File $_.FullName }
            }
        }
    } elseif (-not (Test-Path -LiteralPath 'HKLM:\Cluster') -and (Test-Path -LiteralPath "$root\Cluster\CLUSDB")) {
        # What a crash kept from CLUSDB is in its log.
        foreach ($file in 'CLUSDB', 'CLUSDB.LOG*') {
            Get-ChildItem -Path "$root\Cluster\$file" -Force -ErrorAction SilentlyContinue |
                Where-Object { -not $_.PSIsContainer } |
                ForEach-Object { Save-File $_.FullName }
        }
    }
}

if (-not $Disk) {
    foreach ($hive in 'SYSTEM', 'SOFTWARE', 'Cluster') {
        if (-not (Test-Path -LiteralPath "HKLM:\$hive")) { continue }
        $said = & reg.exe save "HKLM\$hive" (Join-Path $folder "$hive.hiv") 2>&1
        if ($LASTEXITCODE -ne 0) { Write-Failure "HKLM\$hive" ($said -join ' ') }
    }
}

# Checkpoints of the cluster database lie on the quorum disk, in MSCS at its root.
if ($Disk) {
    $drives = @($Disk.TrimEnd('\'))
} else {
    $drives = Get-PSDrive -PSProvider FileSystem | ForEach-Object { $_.Root.TrimEnd('\') }
}
foreach ($drive in $drives) {
    Get-ChildItem -Path "$drive\MSCS\*" -Include 'CHK*.TMP', 'QUOLOG.LOG' -Force -ErrorAction SilentlyContinue |
        ForEach-Object { Save-File $_.FullName }
}

Write-Output "Collected into $folder"
