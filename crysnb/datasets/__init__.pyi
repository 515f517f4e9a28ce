from .dataset import Dataset as Dataset
from .dataset import Rejected as Rejected
from .folder import read_folder as read_folder
from .records import Record as Record
from .records import read_split as read_split
