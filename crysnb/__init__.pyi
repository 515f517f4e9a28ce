from crysnb.errors import CrysnbError as CrysnbError
from crysnb.errors import DeviceMemory as DeviceMemory
from crysnb.errors import DisorderedStructure as DisorderedStructure
from crysnb.errors import MissingExtra as MissingExtra
from crysnb.errors import OutOfDomain as OutOfDomain
from crysnb.errors import ShapeError as ShapeError
from crysnb.errors import StructureError as StructureError
from crysnb.errors import SymmetryUndetermined as SymmetryUndetermined
from crysnb.errors import UnknownName as UnknownName
from crysnb.errors import WeightsCorrupt as WeightsCorrupt
from crysnb.errors import WeightsMissing as WeightsMissing

__version__: str
