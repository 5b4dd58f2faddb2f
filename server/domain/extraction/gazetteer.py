"""Names of places that are known without a capital: countries, states of the USA, large cities."""

from typing import Final

_COUNTRIES: Final = """
united states|usa|america|canada|mexico|brazil|argentina|chile|peru|colombia|venezuela|ecuador|cuba|jamaica|
puerto rico|costa rica|panama||
guatemala|england|scotland|wales|ireland|northern ireland|united kingdom|great britain|uk|france|germany|italy|
spain|portugal|netherlands||
holland|belgium|luxembourg|switzerland|austria|poland|czech republic|slovakia|hungary|romania|bulgaria|greece|
turkey|russia|ukraine||
belarus|lithuania|latvia|estonia|finland|sweden|norway|denmark|iceland|croatia|serbia|slovenia|albania|egypt|morocco|algeria|tunisia|
nigeria|ghana|kenya|ethiopia|somalia|tanzania|uganda|rwanda|zimbabwe|zambia|south africa|israel|palestine|lebanon|
jordan|syria|iraq|iran||
saudi arabia|dubai|qatar|kuwait|afghanistan|pakistan|india|bangladesh|sri lanka|nepal|china|hong kong|taiwan|japan|
south korea|korea||
vietnam|thailand|cambodia|laos|myanmar|malaysia|singapore|indonesia|philippines|australia|new zealand|fiji|europe|
africa|asia|antarctica
"""
_STATES: Final = """
alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|
louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|
new hampshire|new jersey|new mexico||
new york|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island|south carolina|south dakota|
tennessee|texas|utah|vermont||
virginia|washington|west virginia|wisconsin|wyoming
"""
_CITIES: Final = """
new york city|nyc|los angeles|chicago|houston|phoenix|philadelphia|san antonio|san diego|dallas|san jose|austin|
san francisco|seattle|denver||
boston|nashville|detroit|portland|las vegas|memphis|baltimore|milwaukee|albuquerque|tucson|fresno|sacramento|
kansas city|atlanta|miami|omaha||
minneapolis|tampa|new orleans|cleveland|honolulu|cincinnati|pittsburgh|st louis|orlando|salt lake city|brooklyn|
manhattan|queens|hollywood||
london|manchester|liverpool|birmingham|leeds|glasgow|edinburgh|dublin|belfast|paris|lyon|marseille|berlin|munich|hamburg|cologne|frankfurt|
vienna|zurich|geneva|brussels|amsterdam|rotterdam|utrecht|copenhagen|oslo|stockholm|helsinki|madrid|barcelona|seville|valencia|lisbon|porto|
rome|milan|naples|florence|venice|athens|istanbul|ankara|moscow|kyiv|warsaw|krakow|prague|budapest|bucharest|cairo|casablanca|lagos|nairobi|
johannesburg|cape town|tel aviv|jerusalem|beirut|tehran|baghdad|riyadh|karachi|lahore|delhi|new delhi|mumbai|
bangalore|bengaluru|chennai||
hyderabad|kolkata|pune|kathmandu|dhaka|beijing|shanghai|shenzhen|taipei|tokyo|osaka|kyoto|seoul|busan|bangkok|hanoi|saigon|manila|jakarta|
sydney|melbourne|brisbane|perth|adelaide|auckland|wellington|toronto|montreal|vancouver|calgary|ottawa|quebec|
mexico city|havana|bogota||
lima|santiago|buenos aires|sao paulo|rio de janeiro|caracas
"""

NAMES: Final = frozenset(name.strip() for name in f"{_COUNTRIES}|{_STATES}|{_CITIES}".replace("\n", "|").split("|")) - {
    ""
}
PLACE: Final = "(?:" + "|".join(sorted((n.replace(" ", r"\s") for n in NAMES), key=len, reverse=True)) + ")"


def is_place(words: str) -> bool:
    """Whether the words are the name of a known place and nothing else."""
    return words.strip().lower() in NAMES
