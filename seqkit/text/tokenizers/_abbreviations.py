"""Words whose full stop is their own, endings of names with a full stop inside, units behind a number.

Left out: what ends a sentence as often as not (no., in., art., sun., est. of "c'est.").
"""

__all__ = ["ABBREVIATIONS", "AS_WRITTEN", "ENDINGS", "UNITS"]

_ENGLISH = (  # titles, firms, months, days, places, books
    "mr mrs ms messrs dr drs prof rev hon sr jr st ste ft mt gen col lt sgt capt cmdr cpl maj adm pvt "
    "sen gov pres supt insp inc corp co cos ltd llc mfg dept div assn univ intl natl govt jan feb apr "
    "aug sept oct nov dec tue tues thur thurs fri blvd ave rd hwy ext attn approx esp incl excl misc vs "
    "viz cf etc eg ie ibid fig figs vol vols pp p ch sec calif conn fla ariz colo ala mich minn nev "
    "okla tenn tex wyo v yr yrs hr hrs"
)
_GERMAN = "bzw usw ca nr vgl ggf evtl abb inkl exkl jh fr geb gest bd bspw sog allg ehem str z"
_ROMANCE = "mme mlle mgr av éd env sra srta dra ud uds vd vds pág págs núm exmo sig dott avv ecc"
_RUSSIAN = "т д п е г гг в вв ул руб коп млн млрд тыс др стр см"
_CASED = "al cit ed eds min op Bros Dem Dipl Ing MM Mar Mio Mon Mrd Msgr Nos Rep Reps Sat Wash Wed Wis"
_DOMAINS = "com org net edu gov mil int info biz io tv uk de fr ru jp cn br eu ca au nl se ch pl nz kr"
_FILES = (
    "txt pdf doc docx xls xlsx ppt pptx csv tsv json jsonl xml html htm php asp aspx jsp cfm css js ts "
    "py ipynb java cpp hpp rs rb sh bat exe dll jar zip gz bz2 xz tar rar iso jpg jpeg png gif svg bmp "
    "tif tiff mp3 mp4 wav avi mov mkv md rst tex bib log ini cfg yml yaml toml sql db"
)
_UNITS = (
    "am pm AM PM a.m. p.m. mm cm dm km kg mg ml lb lbs oz ft mph kph kmh kbps mbps Mbps Gbps Hz kHz MHz "
    "GHz KB kB MB GB TB kb mb gb kW MW GW kWh hr hrs min mins sec secs ms yr yrs k bn mn m"
)

ABBREVIATIONS = frozenset(
    f"{_ENGLISH} {_GERMAN} {_ROMANCE} {_RUSSIAN}".split()
)  # lower-cased texts have them
AS_WRITTEN = frozenset(_CASED.split())  # in another case they are words or names
ENDINGS = f"{_DOMAINS} {_FILES}".split()
UNITS = _UNITS.split()  # 5pm is two tokens
