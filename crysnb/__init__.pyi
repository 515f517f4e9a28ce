from .environment import doctor as doctor
from .errors import CrysnbError as CrysnbError
from .errors import DeviceMemory as DeviceMemory
from .errors import DisorderedStructure as DisorderedStructure
from .errors import MissingExtra as MissingExtra
from .errors import OutOfDomain as OutOfDomain
from .errors import ShapeError as ShapeError
from .errors import StructureError as StructureError
from .errors import SymmetryUndetermined as SymmetryUndetermined
from .errors import UnknownName as UnknownName
from .errors import WeightsCorrupt as WeightsCorrupt
from .errors import WeightsMissing as WeightsMissing
from .models.interface import load_model as load_model
from .predict.catalog import models as models
from .predict.run import predict as predict
from .predict.run import trace as trace
from .structure.examples import examples as examples
from .structure.read import as_structure as as_structure
from .symmetry.detect import symmetry as symmetry
from .symmetry.idealize import idealize as idealize
from .values.prediction import Notice as Notice
from .values.prediction import Prediction as Prediction
from .values.symmetry_info import SymmetryInfo as SymmetryInfo
from .values.tensor_kind import TensorKind as TensorKind
from .values.trace import Trace as Trace

__version__: str
